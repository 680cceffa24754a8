import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeConfig, readApiConfig, readWorkerConfig } from './config.ts';
import { ConfigError } from './variables.ts';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const least = { DESTINATIONS: 'a=http://127.0.0.1:1/hooks', WEBHOOK_SECRET: secret };

function refusal(env: Record<string, string>): string {
  try {
    readWorkerConfig({ ...least, ...env });
    return 'accepted';
  } catch (error) {
    return error instanceof ConfigError ? `${error.code}: ${error.message}` : String(error);
  }
}

function apiRefusal(env: Record<string, string>): string {
  try {
    readApiConfig({ ...least, ...env });
    return 'accepted';
  } catch (error) {
    return error instanceof ConfigError ? `${error.code}: ${error.message}` : String(error);
  }
}

async function destinationsFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nines-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  writeFileSync(join(folder, 'destinations.json'), content);
  return join(folder, 'destinations.json');
}

test('the defaults, with no more than destinations and a secret', () => {
  const config = readWorkerConfig(least);
  expect(config).toMatchObject({ redisUrl: 'redis://127.0.0.1:6379', concurrency: 16, probes: { host: '127.0.0.1', port: 9464 } });
  expect(config.queue).toMatchObject({ namespace: 'webhooks', leaseMs: 10_000, maxEventBytes: 1_048_576 });
  expect(readApiConfig({ DESTINATIONS: least.DESTINATIONS })).toMatchObject({
    http: {
      host: '127.0.0.1',
      port: 8080,
      enqueueTimeoutMs: 1000,
      requestTimeoutMs: 30_000,
      maxConnections: 4000,
      maxInFlight: 256,
      maxInFlightBytes: 16_777_216,
    },
    rate: { permitsPerSecond: 1000, burst: 2000 },
    admin: undefined,
    apiKeys: undefined,
  });
});

test.each([
  [{ DESTINATIONS: '' }, 'MISSING_VARIABLE: DESTINATIONS is not set'],
  [{ WEBHOOK_SECRET: '' }, 'MISSING_VARIABLE: WEBHOOK_SECRET is not set'],
  [{ WEBHOOK_SECRET: 'hunter2' }, 'INVALID_VARIABLE: WEBHOOK_SECRET must be whsec_ followed by 24 to 64 bytes in base64'],
  [{ WEBHOOK_SECRET: 'whsec_aGk=' }, 'INVALID_VARIABLE: WEBHOOK_SECRET must be whsec_'],
  [{ CONCURRENCY: '0' }, 'INVALID_VARIABLE: CONCURRENCY must be a whole number from 1 to 1000, got "0"'],
  [{ LEASE_MS: '1e4' }, 'INVALID_VARIABLE: LEASE_MS must be a whole number from 1000 to 3600000, got "1e4"'],
  [{ RETRY_MIN_MS: '5000', RETRY_MAX_MS: '10' }, 'RETRY_MAX_MS must be a whole number from 5000 to 86400000, got "10"'],
  [{ REDIS_URL: 'http://x:pass@127.0.0.1' }, 'INVALID_VARIABLE: REDIS_URL must be an address like redis://127.0.0.1:6379'],
  [{ DESTINATIONS: 'a' }, 'INVALID_VARIABLE: DESTINATIONS must be name=url,name2=url2, got "a"'],
  [{ DESTINATIONS: 'a b=http://x' }, 'must use names of 1 to 64 letters, digits, _, - or ., got "a b"'],
  [{ DESTINATIONS: 'a=file:///etc/passwd' }, 'DESTINATIONS must give a an http or https URL'],
  [{ DESTINATIONS: 'a=http://u:p@x' }, 'DESTINATIONS must give a a URL without user name and password'],
  [{ DESTINATIONS: 'a=http://x,a=http://y' }, 'must name each destination once, got a twice'],
  [{ ORDERED_DESTINATIONS: 'a,b' }, 'INVALID_VARIABLE: ORDERED_DESTINATIONS must name destinations, got "b", which is none'],
  [{ DESTINATION_CONCURRENCY: '0' }, 'DESTINATION_CONCURRENCY must be a whole number from 1 to 1000, got "0"'],
  [{ REDIS_CA_FILE: '/nowhere.pem' }, 'UNREADABLE_FILE: REDIS_CA_FILE /nowhere.pem is not a readable file of certificates in PEM'],
  [{ REDIS_CA_FILE: '/dev/null' }, 'UNREADABLE_FILE: REDIS_CA_FILE /dev/null is not a readable file of certificates in PEM'],
  [{ DESTINATIONS_FILE: '/nowhere.json' }, 'UNREADABLE_FILE: DESTINATIONS_FILE /nowhere.json is not a readable JSON file'],
])('%j is refused', (env, message) => {
  const refused = refusal(env);
  expect(refused).toContain(message);
  expect(refused).not.toMatch(/hunter2|pass@|u:p/);
});

test('a file of destinations is merged with the list, and may give each a secret of its own', async () => {
  const key = Buffer.alloc(32, 9);
  const content = { b: 'https://example.com/b', c: { url: 'https://example.com/c', secret: `whsec_${key.toString('base64')}` } };
  const { destinations } = readWorkerConfig({ ...least, DESTINATIONS_FILE: await destinationsFile(JSON.stringify(content)) });
  expect([...destinations.keys()]).toEqual(['a', 'b', 'c']);
  expect(destinations.get('b')?.secret).toBeUndefined();
  expect(destinations.get('c')?.secret).toEqual(key);
});

test.each(['[]', '{"b": 1}', '{"b": null}', '{"b": {"url": "https://x", "secret": 1}}', '{"b": {"url": "https://x", "secret": "short"}}'])(
  'a file that holds %s is refused',
  async (content) => {
    expect(refusal({ DESTINATIONS_FILE: await destinationsFile(content) })).toMatch(/^INVALID_VARIABLE: DESTINATIONS_FILE/);
  },
);

const hash = 'ab'.repeat(32);

test.each([
  [{ HOST: '0.0.0.0' }, 'MISSING_VARIABLE: API_KEYS is not set, and others can reach HOST 0.0.0.0: give name=SHA-256'],
  [{ HOST: '127.0.0.1.example.com' }, 'MISSING_VARIABLE: API_KEYS is not set, and others can reach HOST 127.0.0.1.example.com'],
  [{ HOST: '::' }, 'MISSING_VARIABLE: API_KEYS is not set, and others can reach HOST ::'],
  [{ API_KEYS: 'On' }, 'INVALID_VARIABLE: API_KEYS must be off, or name=hash,name2=hash2'],
  [{ API_KEYS: 'shop=hunter2' }, 'INVALID_VARIABLE: API_KEYS must give shop the SHA-256 of its key, 64 hexadecimal digits'],
  [{ API_KEYS: `a b=${hash}` }, 'INVALID_VARIABLE: API_KEYS must use names of 1 to 64 letters, digits, _, - or ., got "a b"'],
  [{ API_KEYS: `a=${hash},a=${hash}` }, 'INVALID_VARIABLE: API_KEYS must name each caller once, got a twice'],
  [{ API_KEYS: 'off', API_KEYS_FILE: '/nowhere.json' }, 'INVALID_VARIABLE: API_KEYS must be off, or'],
  [{ API_KEYS_FILE: '/nowhere.json' }, 'UNREADABLE_FILE: API_KEYS_FILE /nowhere.json is not a readable JSON file'],
  [{ ADMIN_TOKEN: 'hunter2-is-23-long-xxxx' }, 'INVALID_VARIABLE: ADMIN_TOKEN must be 24 to 256 visible ASCII characters'],
  [{ ADMIN_TOKEN: 'with a space, though hunter2 is long' }, 'INVALID_VARIABLE: ADMIN_TOKEN must be 24 to 256'],
  [{ MAX_IN_FLIGHT_BYTES: '1000' }, 'MAX_IN_FLIGHT_BYTES must be a whole number from 1048576 to 1073741824, got "1000"'],
  [{ RATE_LIMIT_PER_SECOND: '0' }, 'RATE_LIMIT_PER_SECOND must be a whole number from 1 to 500000, got "0"'],
])('%j is refused by the api', (env, message) => {
  const refused = apiRefusal(env);
  expect(refused).toContain(message);
  expect(refused).not.toContain('hunter2');
});

test.each([
  { HOST: '127.0.0.9' },
  { HOST: '::1' },
  { HOST: 'localhost' },
  { HOST: '0.0.0.0', API_KEYS: 'off' },
  { HOST: '0.0.0.0', API_KEYS: `a=${hash}` },
])('%j is accepted by the api', (env) => {
  expect(apiRefusal(env)).toBe('accepted');
});

test('a file of keys is merged with the list; an empty one, or one that holds something else, is refused', async () => {
  const file = await destinationsFile(JSON.stringify({ b: hash.toUpperCase() }));
  const { apiKeys } = readApiConfig({ ...least, HOST: '0.0.0.0', API_KEYS: `a=${hash}`, API_KEYS_FILE: file });
  expect([...(apiKeys ?? [])]).toEqual(['a', 'b'].map((name) => [name, Buffer.from(hash, 'hex')]));
  expect(apiRefusal({ API_KEYS_FILE: await destinationsFile('{}') })).toContain('API_KEYS_FILE must name at least one caller');
  expect(apiRefusal({ API_KEYS_FILE: await destinationsFile('[]') })).toContain('API_KEYS_FILE must hold a JSON object');
  expect(apiRefusal({ API_KEYS_FILE: await destinationsFile('{"b": 1}') })).toContain('API_KEYS_FILE must give b the SHA-256');
});

test('a destination has half of the places, the only one all of them', () => {
  const { delivery } = readWorkerConfig({ ...least, CONCURRENCY: '9' });
  expect(delivery.maxConcurrent).toBe(9);
  const two = readWorkerConfig({
    ...least,
    CONCURRENCY: '9',
    DESTINATIONS: 'a=http://127.0.0.1:1,b=http://127.0.0.1:2',
    ORDERED_DESTINATIONS: 'b',
  });
  expect(two.delivery.maxConcurrent).toBe(5);
  expect([...two.destinations.values()].map(({ ordered }) => ordered)).toEqual([false, true]);
});

test('the description of the api names callers and shows neither hash nor token', () => {
  const token = 'operators-only-0123456789';
  const shown = JSON.stringify(describeConfig(readApiConfig({ ...least, API_KEYS: `shop=${hash}`, ADMIN_TOKEN: token })));
  expect(shown).not.toMatch(new RegExp(`${hash}|${token}|"type":"Buffer"`, 'i'));
  expect(JSON.parse(shown)).toMatchObject({ apiKeys: ['shop'], admin: { host: '127.0.0.1', port: 9465, token: '[redacted]' } });
  expect(describeConfig(readApiConfig(least))).toMatchObject({ apiKeys: 'off', admin: 'off' });
});

test('the description of a configuration shows no secret', async () => {
  const file = await destinationsFile(`{"b": {"url": "https://example.com/token-in-path", "secret": "${secret}"}}`);
  const config = readWorkerConfig({ ...least, REDIS_URL: 'redis://:password@127.0.0.1:6380', DESTINATIONS_FILE: file });
  const shown = JSON.stringify(describeConfig(config));
  expect(shown).not.toMatch(/password|token-in-path|whsec|BwcH|"type":"Buffer"/);
  expect(JSON.parse(shown)).toMatchObject({ redis: '127.0.0.1:6380', destinations: { b: 'https://example.com' }, secret: '[redacted]' });
});
