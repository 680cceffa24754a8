import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { startRegistry, type RegistryStub } from './registry.ts';

const tarball = Buffer.from('not really a tarball');
const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;

async function registry(): Promise<RegistryStub> {
  const stub = await startRegistry();
  onTestFinished(() => stub.close());
  return stub;
}

async function put(stub: RegistryStub, change: { version?: string; integrity?: string; token?: string } = {}): Promise<number> {
  const version = change.version ?? '1.0.0';
  const body = {
    name: '@nines/slo',
    versions: { [version]: { name: '@nines/slo', version, dist: { integrity: change.integrity ?? integrity } } },
    'dist-tags': { latest: version },
    _attachments: { 'slo.tgz': { data: tarball.toString('base64') } },
  };
  const headers = { authorization: `Bearer ${change.token ?? stub.token}` };
  const response = await fetch(`${stub.url}@nines%2fslo`, { method: 'PUT', headers, body: JSON.stringify(body) });
  return response.status;
}

test('the stub gives what it took: description and tarball', async () => {
  const stub = await registry();
  expect(await put(stub)).toBe(201);
  expect(await put(stub, { version: '1.1.0' })).toBe(201);
  const packument = (await (await fetch(`${stub.url}@nines%2fslo`)).json()) as {
    versions: Record<string, { dist: { tarball: string } }>;
    'dist-tags': object;
  };
  expect(packument['dist-tags']).toEqual({ latest: '1.1.0' });
  const address = packument.versions['1.0.0']?.dist.tarball ?? '';
  expect(address).toBe(`${stub.url}@nines/slo/-/slo-1.0.0.tgz`);
  expect(Buffer.from(await (await fetch(address)).arrayBuffer())).toEqual(tarball);
  expect(stub.published).toEqual(['@nines/slo@1.0.0', '@nines/slo@1.1.0']);
});

test('the stub refuses a version twice, a wrong token, another tarball than announced', async () => {
  const stub = await registry();
  expect(await put(stub)).toBe(201);
  expect(await put(stub)).toBe(403);
  expect(await put(stub, { version: '2.0.0', token: 'wrong' })).toBe(401);
  expect(await put(stub, { version: '2.0.0', integrity: 'sha512-other' })).toBe(400);
  expect(stub.published).toEqual(['@nines/slo@1.0.0']);
});

test('the stub forwards nothing: what it does not have is not found', async () => {
  const stub = await registry();
  expect((await fetch(`${stub.url}express`)).status).toBe(404);
});
