import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSystem, type System } from '../demo/system.ts';
import { allDelivered, newSecret, postEvent } from './harness.ts';
import { redisClient } from '../src/queue.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const program = onPath('redis-server');
const openssl = onPath('openssl');
if (program === undefined || openssl === undefined) console.warn('SKIPPED: TLS to Redis is tried with redis-server and openssl');

/** An external Redis as redis.ca of the chart means it: a certificate of a private authority, a password for everybody, nothing but TLS. */
describe.skipIf(program === undefined || openssl === undefined)('a Redis of a private authority', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nines-tls-'));
  const file = (name: string) => join(folder, name);
  const password = 'a-password-for-everybody';
  const port = 20_000 + (process.pid % 10_000);
  let redis: RunningRedis;

  /** An authority, and a certificate of it for 127.0.0.1. */
  function makeCertificates(name: string): void {
    const run = (...args: string[]) => execFileSync(openssl!, args, { stdio: 'ignore' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    run('req', '-x509', ...key, '-subj', `/CN=${name}`, '-keyout', file(`${name}-ca.key`), '-out', file(`${name}-ca.pem`));
    const signed = ['-CA', file(`${name}-ca.pem`), '-CAkey', file(`${name}-ca.key`), '-addext', 'subjectAltName=IP:127.0.0.1'];
    run('req', '-x509', ...key, ...signed, '-subj', '/CN=redis', '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`));
  }

  beforeAll(async () => {
    makeCertificates('instance');
    makeCertificates('other');
    const tls = ['--tls-port', String(port), '--tls-cert-file', file('instance.pem'), '--tls-key-file', file('instance.key')];
    const args = [...tls, '--tls-ca-cert-file', file('instance-ca.pem'), '--tls-auth-clients', 'no', '--requirepass', password];
    redis = await startRedis({ program: program!, args: ['--appendonly', 'yes', ...args] });
  });
  afterAll(async () => {
    await redis?.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const url = () => `rediss://:${password}@127.0.0.1:${port}`;

  test('is reached by api and worker with its certificates, and events are delivered', async () => {
    // As a rotation leaves it: two authorities in one file.
    writeFileSync(file('ca.pem'), `${readFileSync(file('other-ca.pem'), 'utf8')}\n${readFileSync(file('instance-ca.pem'), 'utf8')}`);
    const env = { REDIS_CA_FILE: file('ca.pem'), LEASE_MS: '1000' };
    const system: System = await startSystem({ redisUrl: url(), secret: newSecret(), env });
    try {
      const ids = (await Promise.all([1, 2, 3].map((n) => postEvent(system.apiUrl, { n })))).map(String);
      await expect(allDelivered(system.receiver, ids)).resolves.toBeUndefined();
    } finally {
      await system.stop();
    }
  });

  test.each([
    ['without its certificates', undefined],
    ['with those of another authority', 'other-ca.pem'],
  ])('is not believed %s', async (_, ca) => {
    const client = redisClient(url(), ca === undefined ? undefined : readFileSync(file(ca), 'utf8'));
    const trouble = once(client, 'error');
    client.connect().catch(() => {});
    expect(String(await trouble.catch((error: unknown) => error))).toMatch(/self-signed|unable to (verify|get)/);
    client.disconnect();
  });
});
