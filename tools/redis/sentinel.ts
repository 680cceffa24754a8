import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis, type RunningRedis } from './start.ts';

/** A primary, its replicas and a Sentinel that watches them, on loopback. */
export interface RunningSentinel {
  /** What the Sentinel calls them. */
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** Primary first, as they were started. */
  readonly nodes: readonly RunningRedis[];
  /** The node that the Sentinel names as primary now. */
  primary(): Promise<RunningRedis>;
  /** Kills the primary without warning; resolves to the new one, when it has been promoted. `killed` is called in the moment between. */
  failOver(killed?: () => void): Promise<RunningRedis>;
  /** Starts one more replica of the primary; resolves when it has caught up. */
  addReplica(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = 'nines';
const ASK_EVERY_MS = 20;

/** Starts one primary, replicas (two, unless told otherwise) and one Sentinel with a quorum of 1; resolves when the replicas follow and the Sentinel knows them. */
export async function startSentinel(program: string, count = 2): Promise<RunningSentinel> {
  const own = ['--repl-diskless-sync-delay', '0'];
  const first = await startRedis({ program, args: own });
  const nodes = [first];
  const sentinel = await startRedis({ program, sentinel: watching(first.port) });
  // It learns of replicas by asking the primary, and would ask again only after ten seconds. While the primary is down it asks replicas once a second
  // whatever it is told, and takes only one that answered within five ping periods: these must be longer than that second.
  // Redis 6.2 cannot be told: there it takes its time.
  await ask(sentinel.port, 'SENTINEL', 'DEBUG', 'INFO-PERIOD', '100', 'PING-PERIOD', '250').catch((error: Error) => {
    if (!error.message.includes('Unknown subcommand')) throw error;
  });
  const primary = async () => {
    const [, port] = await ask(sentinel.port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
    return nodes.find((node) => String(node.port) === port) ?? first;
  };
  const known = async (port: number) => (await ask(sentinel.port, 'SENTINEL', 'REPLICAS', NAME)).includes(String(port));
  const replicates = async (port: number, what: string) => (await ask(port, 'INFO', 'replication')).join('\n').includes(what);
  const addReplica = async () => {
    const { port: of } = await primary();
    const node = await startRedis({ program, args: [...own, '--replicaof', '127.0.0.1', String(of)] });
    nodes.push(node);
    while (!(await replicates(node.port, 'master_link_status:up')) || !(await known(node.port))) await pause(ASK_EVERY_MS);
  };
  await Promise.all(Array.from({ length: count }, addReplica));
  return {
    name: NAME,
    sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
    nodes,
    primary,
    addReplica,
    async failOver(killed = () => {}) {
      const old = await primary();
      await old.stop('SIGKILL');
      killed();
      for (;;) {
        const next = await primary();
        if (next !== old && (await replicates(next.port, 'role:master'))) return next;
        await pause(ASK_EVERY_MS);
      }
    },
    stop: async () => void (await Promise.all([sentinel, ...nodes].map((node) => node.stop('SIGKILL')))),
  };
}

function watching(port: number): string[] {
  return [
    `sentinel monitor ${NAME} 127.0.0.1 ${port} 1`,
    `sentinel down-after-milliseconds ${NAME} 300`,
    // After a failed attempt it waits twice as long before the next one.
    `sentinel failover-timeout ${NAME} 3000`,
  ];
}

/** One command over a connection of its own; resolves to the words of the reply, nesting and types forgotten. */
async function ask(port: number, ...words: readonly string[]): Promise<string[]> {
  const socket = connect({ host: '127.0.0.1', port });
  let reply = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (reply += chunk));
  // Nothing more will come, so the server closes after the reply, however that is made up.
  socket.end(encode(words));
  await once(socket, 'close');
  if (reply.startsWith('-')) throw new Error(`${words.slice(0, 2).join(' ')}: ${reply.slice(1).split('\r\n')[0] ?? ''}`);
  return reply.split('\r\n').filter((line) => line !== '' && !/^[*$:]-?\d+$/.test(line) && line !== '+OK');
}

const encode = (words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
