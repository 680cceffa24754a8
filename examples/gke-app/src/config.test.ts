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
  expect(readApiConfig({ DESTINATIONS: least.DESTINATIONS }).http).toEqual({ host: '127.0.0.1', port: 8080, enqueueTimeoutMs: 1000 });
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

test('the description of a configuration shows no secret', async () => {
  const file = await destinationsFile(`{"b": {"url": "https://example.com/token-in-path", "secret": "${secret}"}}`);
  const config = readWorkerConfig({ ...least, REDIS_URL: 'redis://:password@127.0.0.1:6380', DESTINATIONS_FILE: file });
  const shown = JSON.stringify(describeConfig(config));
  expect(shown).not.toMatch(/password|token-in-path|whsec|BwcH|"type":"Buffer"/);
  expect(JSON.parse(shown)).toMatchObject({ redis: '127.0.0.1:6380', destinations: { b: 'https://example.com' }, secret: '[redacted]' });
});
