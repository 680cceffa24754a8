import { readDestinations, readSecret, type Destinations } from './destinations.ts';
import { ConfigError, text, whole, type Environment } from './variables.ts';

/** What api and worker both need to know. */
export interface SharedConfig {
  readonly redisUrl: string;
  readonly queue: {
    readonly namespace: string;
    readonly leaseMs: number;
    readonly maxWaiting: number;
    readonly maxEventBytes: number;
    readonly retryMinMs: number;
    readonly retryMaxMs: number;
  };
  readonly probes: { readonly host: string; readonly port: number };
  readonly destinations: Destinations;
}

export interface ApiConfig extends SharedConfig {
  readonly http: { readonly host: string; readonly port: number; readonly enqueueTimeoutMs: number };
}

export interface WorkerConfig extends SharedConfig {
  readonly secret: Buffer;
  readonly concurrency: number;
  readonly delivery: { readonly timeoutMs: number; readonly breakerMinimumCalls: number; readonly breakerOpenMs: number };
}

/** @throws {ConfigError} that names the variable and what is allowed. */
export function readApiConfig(env: Environment): ApiConfig {
  return {
    ...readShared(env),
    http: {
      host: text(env, 'HOST', '127.0.0.1'),
      port: whole(env, 'PORT', 8080, 0, 65_535),
      enqueueTimeoutMs: whole(env, 'ENQUEUE_TIMEOUT_MS', 1000, 1, 60_000),
    },
  };
}

/** @throws {ConfigError} that names the variable and what is allowed. */
export function readWorkerConfig(env: Environment): WorkerConfig {
  return {
    ...readShared(env),
    secret: readSecret('WEBHOOK_SECRET', text(env, 'WEBHOOK_SECRET')),
    concurrency: whole(env, 'CONCURRENCY', 16, 1, 1000),
    delivery: {
      timeoutMs: whole(env, 'DELIVERY_TIMEOUT_MS', 5000, 1, 60_000),
      breakerMinimumCalls: whole(env, 'BREAKER_MINIMUM_CALLS', 5, 1, 10_000),
      breakerOpenMs: whole(env, 'BREAKER_OPEN_MS', 5000, 1, 3_600_000),
    },
  };
}

function readShared(env: Environment): SharedConfig {
  const retryMinMs = whole(env, 'RETRY_MIN_MS', 500, 1, 3_600_000);
  return {
    redisUrl: redisUrl(text(env, 'REDIS_URL', 'redis://127.0.0.1:6379')),
    queue: {
      namespace: text(env, 'QUEUE_NAMESPACE', 'webhooks'),
      leaseMs: whole(env, 'LEASE_MS', 10_000, 1000, 3_600_000),
      maxWaiting: whole(env, 'MAX_WAITING', 100_000, 1, 1_000_000_000),
      maxEventBytes: whole(env, 'MAX_BODY_BYTES', 1_048_576, 1, 16_777_216),
      retryMinMs,
      retryMaxMs: whole(env, 'RETRY_MAX_MS', 3_600_000, retryMinMs, 86_400_000),
    },
    probes: { host: text(env, 'PROBES_HOST', '127.0.0.1'), port: whole(env, 'PROBES_PORT', 9464, 0, 65_535) },
    destinations: readDestinations(env),
  };
}

function redisUrl(url: string): string {
  if (URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol)) return url;
  throw new ConfigError('INVALID_VARIABLE', 'REDIS_URL must be an address like redis://127.0.0.1:6379 (rediss: for TLS)');
}

/** The configuration as it may be logged: no secret, no password, and of each URL, whose path may be one, the origin only. */
export function describeConfig({ redisUrl, destinations, ...rest }: ApiConfig | WorkerConfig): object {
  return {
    ...rest,
    ...('secret' in rest ? { secret: '[redacted]' } : {}),
    redis: new URL(redisUrl).host,
    destinations: Object.fromEntries([...destinations.values()].map(({ name, url }) => [name, new URL(url).origin])),
  };
}
