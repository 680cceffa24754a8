import { readApiKeys, type ApiKeys } from './api-keys.ts';
import { readDestinations, readSecret, type Destination, type Destinations } from './destinations.ts';
import { certificatesFrom, invalid, text, whole, type Environment } from './variables.ts';

/** What api and worker both need to know. */
export interface SharedConfig {
  readonly redisUrl: string;
  /** Certificates of the authorities that the certificate of Redis may be of, and no others; undefined: those of Node.js. */
  readonly redisCa: string | undefined;
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
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly enqueueTimeoutMs: number;
    readonly requestTimeoutMs: number;
    readonly maxBodyBytes: number;
    readonly maxConnections: number;
    readonly maxInFlight: number;
    readonly maxInFlightBytes: number;
  };
  /** The server for operators; undefined without a token. */
  readonly admin: { readonly host: string; readonly port: number; readonly token: string } | undefined;
  readonly apiKeys: ApiKeys;
  /** How often each caller may ask. */
  readonly rate: { readonly permitsPerSecond: number; readonly burst: number };
}

export interface WorkerConfig extends SharedConfig {
  readonly secret: Buffer;
  readonly concurrency: number;
  readonly delivery: {
    readonly timeoutMs: number;
    readonly maxConcurrent: number;
    readonly breakerMinimumCalls: number;
    readonly breakerOpenMs: number;
  };
}

/** @throws {ConfigError} that names the variable and what is allowed. */
export function readApiConfig(env: Environment): ApiConfig {
  const shared = readShared(env);
  const maxBodyBytes = shared.queue.maxEventBytes;
  const host = text(env, 'HOST', '127.0.0.1');
  const permitsPerSecond = whole(env, 'RATE_LIMIT_PER_SECOND', 1000, 1, 500_000);
  return {
    ...shared,
    http: {
      host,
      port: whole(env, 'PORT', 8080, 0, 65_535),
      enqueueTimeoutMs: whole(env, 'ENQUEUE_TIMEOUT_MS', 1000, 1, 60_000),
      requestTimeoutMs: whole(env, 'REQUEST_TIMEOUT_MS', 30_000, 1000, 300_000),
      maxBodyBytes,
      maxConnections: whole(env, 'MAX_CONNECTIONS', 4000, 1, 100_000),
      maxInFlight: whole(env, 'MAX_IN_FLIGHT', 256, 1, 100_000),
      maxInFlightBytes: whole(env, 'MAX_IN_FLIGHT_BYTES', Math.max(16_777_216, maxBodyBytes), maxBodyBytes, 1_073_741_824),
    },
    apiKeys: readApiKeys(env, host),
    rate: { permitsPerSecond, burst: whole(env, 'RATE_LIMIT_BURST', 2 * permitsPerSecond, 1, 1_000_000) },
    admin: readAdmin(env),
  };
}

function readAdmin(env: Environment): ApiConfig['admin'] {
  const token = env['ADMIN_TOKEN'] ?? '';
  if (token === '') return undefined;
  if (!/^[\x21-\x7e]{24,256}$/.test(token))
    throw invalid('ADMIN_TOKEN', 'must be 24 to 256 visible ASCII characters (make one: openssl rand -hex 32)');
  return { host: text(env, 'ADMIN_HOST', '127.0.0.1'), port: whole(env, 'ADMIN_PORT', 9465, 0, 65_535), token };
}

/** @throws {ConfigError} that names the variable and what is allowed. */
export function readWorkerConfig(env: Environment): WorkerConfig {
  const shared = readShared(env);
  const concurrency = whole(env, 'CONCURRENCY', 16, 1, 1000);
  // Half of the places at most for a destination that is slow, unless there is no other.
  const share = shared.destinations.size === 1 ? concurrency : Math.ceil(concurrency / 2);
  return {
    ...shared,
    secret: readSecret('WEBHOOK_SECRET', text(env, 'WEBHOOK_SECRET')),
    concurrency,
    delivery: {
      timeoutMs: whole(env, 'DELIVERY_TIMEOUT_MS', 5000, 1, 60_000),
      maxConcurrent: whole(env, 'DESTINATION_CONCURRENCY', share, 1, 1000),
      breakerMinimumCalls: whole(env, 'BREAKER_MINIMUM_CALLS', 5, 1, 10_000),
      breakerOpenMs: whole(env, 'BREAKER_OPEN_MS', 5000, 1, 3_600_000),
    },
  };
}

function readShared(env: Environment): SharedConfig {
  const retryMinMs = whole(env, 'RETRY_MIN_MS', 500, 1, 3_600_000);
  const url = redisUrl(text(env, 'REDIS_URL', 'redis://127.0.0.1:6379'));
  return {
    redisUrl: url,
    redisCa: redisCa(env, url),
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
  throw invalid('REDIS_URL', 'must be an address like redis://127.0.0.1:6379 (rediss: for TLS)');
}

function redisCa(env: Environment, url: string): string | undefined {
  const certificates = certificatesFrom(env, 'REDIS_CA_FILE');
  if (certificates === undefined || url.startsWith('rediss:')) return certificates;
  throw invalid('REDIS_CA_FILE', 'is for a REDIS_URL with rediss:, and this one is not encrypted');
}

/** The configuration as it may be logged: no secret, no password, and of each URL, whose path may be one, the origin only. */
export function describeConfig({ redisUrl, redisCa: ca, destinations, ...rest }: ApiConfig | WorkerConfig): object {
  const shared = {
    redis: new URL(redisUrl).host,
    redisCa: ca === undefined ? 'default' : 'REDIS_CA_FILE',
    destinations: Object.fromEntries([...destinations.values()].map(describe)),
  };
  if ('secret' in rest) return { ...rest, ...shared, secret: '[redacted]' };
  const apiKeys = rest.apiKeys === undefined ? 'off' : [...rest.apiKeys.keys()];
  const admin = rest.admin === undefined ? 'off' : { ...rest.admin, token: '[redacted]' };
  return { ...rest, ...shared, apiKeys, admin };
}

const describe = ({ name, url }: Destination) => [name, new URL(url).origin] as const;
