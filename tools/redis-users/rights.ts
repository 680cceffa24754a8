import { readFileSync } from 'node:fs';

/** Script → its source, from the generated module of the queue. */
const generated = readFileSync(new URL('../../packages/queue/src/redis/scripts.gen.ts', import.meta.url), 'utf8');
const sources: ReadonlyMap<string, string> = new Map(
  [...generated.matchAll(/^export const (\w+): [^]*?\n {2}source: (".*")/gm)].map(([, name, source]) => [
    name!,
    String(JSON.parse(source!)),
  ]),
);

/** What a process does with a queue; docs/guides/queue-redis-users.md has a Redis user for each. */
export type Role = 'producer' | 'consumer' | 'scheduler' | 'operator' | 'reader';

/**
 * Nobody can be it, but Redis reads its append-only file back with its rights, and leaves out each transaction that these do not cover
 * (redis/redis#14541, valkey-io/valkey#3983). What a script wrote is such a transaction.
 */
export const DEFAULT_USER = 'user default off ~* &* +@all';

interface Does {
  /** The scripts that it runs. */
  readonly scripts: readonly string[];
  /** What it sends besides. */
  readonly sends: readonly string[];
}

/** EVALSHA, and EVAL for a script that the server does not know yet; EXISTS and INFO when a queue is opened. */
const OPENS = ['evalsha', 'eval', 'exists', 'info'];
const LISTENS = ['subscribe', 'unsubscribe'];

export const ROLES: Readonly<Record<Role, Does>> = {
  // `counts` is for the metrics of both sides, `outcomes` for `waitUntilCompleted`.
  producer: { scripts: ['open', 'enqueue', 'outcomes', 'counts'], sends: [...OPENS, ...LISTENS] },
  consumer: { scripts: ['open', 'exchange', 'commit', 'reconcile', 'counts'], sends: [...OPENS, ...LISTENS] },
  scheduler: { scripts: ['open', 'schedule', 'unschedule', 'schedules', 'due', 'tick'], sends: [...OPENS, ...LISTENS] },
  // HMGET: the command line asks how many partitions there are before it opens a queue.
  operator: {
    scripts: ['open', 'counts', 'get', 'list', 'cancel', 'pause', 'page_dead', 'add_dead', 'redrive', 'purge'],
    sends: [...OPENS, ...LISTENS, 'hmget'],
  },
  reader: { scripts: ['open', 'counts'], sends: [...OPENS, ...LISTENS] },
};

/** The commands that scripts call, sorted. */
export function commandsOfScripts(names: readonly string[]): string[] {
  const called = names.flatMap((name) => {
    const source = sources.get(name);
    if (source === undefined) throw new Error(`the queue has no script ${name}: scripts.gen.ts has ${[...sources.keys()].join(', ')}`);
    return [...source.matchAll(/redis\.p?call\('(\w+)'/g)].map(([, command]) => command!.toLowerCase());
  });
  return [...new Set(called)].sort();
}

/** All commands that a role needs, sorted. */
export function commandsOf(role: Role): string[] {
  const { scripts: names, sends } = ROLES[role];
  return [...new Set([...sends, ...commandsOfScripts(names)])].sort();
}

/** The line of redis.conf for a role, with the password `CHANGE-ME`. */
export function userLine(role: Role, queue: { readonly namespace: string; readonly name: string }): string {
  const pattern = `{nines:${queue.namespace}:*}:${queue.name}:*`;
  const rights = commandsOf(role).map((command) => `+${command}`);
  return `user ${role} on >CHANGE-ME resetkeys ~${pattern} resetchannels &${pattern} -@all ${rights.join(' ')}`;
}
