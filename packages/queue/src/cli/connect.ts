import { Cluster, Redis } from 'ioredis';
import { defineQueue } from '../define.ts';
import { createInspector } from '../inspector.ts';
import { acquireConnection, type RedisClient } from '../redis/connection.ts';
import { readPartitions } from '../redis/read-partitions.ts';
import { anyBody } from './body.ts';
import { flag, misused, text, whole, type Arguments, type CommandOption, type OpenQueue, type Surroundings } from './command.ts';

/** There is no such queue, or no such job. */
export class NotFound extends Error {
  override readonly name: string = 'NotFound';
}

export const connectOptions: Readonly<Record<string, CommandOption>> = {
  redis: { type: 'string' },
  cluster: { type: 'boolean' },
  namespace: { type: 'string' },
  queue: { type: 'string' },
  partitions: { type: 'string' },
};

export const connectHelp = `  --queue NAME    the queue
  --namespace N   its namespace; default "default"
  --redis URL     redis://[USER:PASSWORD@]HOST:PORT[/DB], rediss:// for TLS; default $REDIS_URL, which no list of processes shows
  --cluster       the address is that of a node of a Cluster
  --partitions N  default: what Redis says; another number is refused`;

const CONNECT_MS = 5000;

/** Opens the queue that the arguments name, which must be there already unless `mayBeNew`: to look at it must not make it. */
export async function openQueue(
  given: Arguments,
  { redisUrl, clock }: Surroundings,
  mayBeNew: boolean,
  maxDead = 10_000,
): Promise<OpenQueue> {
  const { name, namespace, partitions } = nameOf(given);
  const { client, place } = clientOf(text(given, 'redis') ?? redisUrl, flag(given, 'cluster'));
  const connection = acquireConnection(client, clock);
  const disconnect = () => {
    connection.release();
    client.disconnect();
  };
  try {
    const there = await readPartitions(connection, defineQueue({ name, namespace }).options, CONNECT_MS);
    const number = partitions ?? there;
    if (there === undefined && !(mayBeNew && partitions !== undefined)) {
      const advice = mayBeNew ? '; --partitions N makes it (1, unless its definition says otherwise)' : '';
      throw new NotFound(`there is no queue ${name} in namespace ${namespace} at ${place}${advice}`);
    }
    // Bounds and checks of the definition are not known here, and must hinder nobody who looks after the queue.
    const lenient = { maxWaiting: 1_000_000_000, maxBodyBytes: 67_108_864, evictionAllowed: true, codec: anyBody };
    const queue = defineQueue({ name, namespace, partitions: number!, dead: { count: maxDead, ageMs: 31_622_400_000 }, ...lenient });
    const inspector = createInspector(queue as never, { redis: client, connectTimeoutMs: CONNECT_MS, clock }) as OpenQueue['inspector'];
    const close = async () => {
      await inspector.close();
      disconnect();
    };
    return { inspector, title: `${name} (namespace ${namespace}, ${place})`, partitions: number!, close };
  } catch (error) {
    disconnect();
    throw error;
  }
}

/** Which queue is meant. */
export function nameOf(given: Arguments): { readonly name: string; readonly namespace: string; readonly partitions: number | undefined } {
  const name = text(given, 'queue') ?? misused('--queue is missing');
  const namespace = text(given, 'namespace') ?? 'default';
  defineQueue({ name, namespace });
  return { name, namespace, partitions: whole(given, 'partitions', 1, 64) };
}

/** The client, which is duplicated and never connects itself, and its address without user and password. */
function clientOf(url: string | undefined, cluster: boolean): { readonly client: RedisClient; readonly place: string } {
  if (url === undefined || url === '') misused('say where Redis is: --redis URL, or REDIS_URL in the environment');
  // What is wrong is not quoted: there may be a password in it.
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
    misused('--redis, or REDIS_URL, must be redis://HOST:PORT or rediss://HOST:PORT');
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const place = `${hostname}:${port || 6379}${cluster ? '' : pathname.replace(/^\/$/, '')}`;
  if (!cluster) return { client: new Redis(url, { lazyConnect: true }), place };
  const redisOptions = {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
  const node = { host: hostname, port: Number(port || 6379), ...redisOptions };
  return { client: new Cluster([node], { lazyConnect: true, redisOptions }), place };
}
