import { createFaultProxy, type FaultProxy, type Toxic } from '@nines/resilience/chaos';
import type { ChaosSwitch } from '../chaos-switch.ts';

/** The network between the services and Redis. */
export interface RedisLink {
  /** The address that the services get. */
  readonly url: string;
  readonly switches: readonly ChaosSwitch[];
  close(): Promise<void>;
}

const FAULTS: readonly (Pick<ChaosSwitch, 'id' | 'title' | 'expect'> & { readonly toxic: Toxic })[] = [
  {
    id: 'redis-unreachable',
    title: 'Redis cannot be reached',
    expect:
      'The api answers 503 at once and is not ready, the availability alert fires; what was accepted is delivered when Redis is back.',
    toxic: { type: 'down' },
  },
  {
    id: 'redis-slow',
    title: 'Redis answers 300 ms late',
    expect: 'Events are accepted, but later than promised: the latency alert fires, and no event is lost.',
    toxic: { type: 'latency', ms: 300 },
  },
];

/** Puts a fault proxy before a Redis. Undefined for an address with TLS, whose certificate names another host than the proxy's. */
export async function breakableRedis(redisUrl: string): Promise<RedisLink | undefined> {
  const url = new URL(redisUrl);
  if (url.protocol !== 'redis:') return undefined;
  const upstream = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) };
  const proxy = await createFaultProxy({ upstream });
  url.host = `${proxy.host}:${proxy.port}`;
  return { url: url.href, switches: FAULTS.map((fault) => toxicSwitch(proxy, fault)), close: () => proxy.close() };
}

function toxicSwitch(proxy: FaultProxy, { toxic, ...words }: (typeof FAULTS)[number]): ChaosSwitch {
  let mend: (() => void) | undefined;
  return {
    ...words,
    kind: 'switch',
    on: () => mend !== undefined,
    async set(broken) {
      if (broken) mend ??= proxy.add(toxic);
      else {
        mend?.();
        mend = undefined;
      }
    },
  };
}
