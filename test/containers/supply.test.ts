import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findContainers } from '../../tools/test/containers.ts';
import { BILL, Referrers, SIGNATURE } from './referrers.ts';
import { startSupply, supplyHere, type Ran, type Supply } from './supply.ts';

/** The scripts of a deployment with every tool the real one: Docker, a registry, cosign, and the list of what the images hold. */
const containers = await findContainers();
const here = await supplyHere(containers);

const KEY = ['--key', '../cosign.key'];
const PUB = ['--key', '../cosign.pub'];

describe.skipIf('reason' in here)('the supply chain, for real', () => {
  let supply: Supply;
  let released: string;
  const steps: Record<string, Ran> = {};

  beforeAll(async () => {
    if ('reason' in here) throw new Error(here.reason);
    supply = await startSupply(containers, here);
    released = supply.place('released');
    for (const pair of ['cosign', 'other']) await supply.cosign('generate-key-pair', '--output-key-prefix', pair);
    for (const name of ['build-images', 'sbom', 'push-images']) steps[name] = await supply.script(name, released);
    steps['sign-images'] = await supply.script('sign-images', released, KEY);
  });
  afterAll(() => supply?.stop());

  /** The images of the release at another place, signed and attested there too; gives the digest of the api. */
  async function signedCopy(name: string): Promise<{ place: string; digest: string; referrers: Referrers }> {
    const { place, referrers } = await copy(name);
    expect(await supply.script('sign-images', place, KEY)).toMatchObject({ status: 0 });
    return { place, referrers, digest: supply.digests['api'] ?? '' };
  }

  async function copy(name: string): Promise<{ place: string; referrers: Referrers }> {
    const place = supply.place(name);
    for (const service of ['api', 'worker']) await supply.push(supply.image(released, service), supply.image(place, service));
    return { place, referrers: new Referrers(supply.address, `${name}/nines-api`) };
  }

  /** Another image under the tag of the api, as somebody could put it there who may push; gives its digest. */
  async function moveTag(place: string): Promise<string> {
    const id = await supply.relabelled(supply.image(released, 'api'));
    return supply.push(id, supply.image(place, 'api'));
  }

  const verify = (place: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> => supply.script('verify-images', place, PUB, env);

  const refusal = (sentence: string): Ran => ({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining(`deploy/scripts/verify-images: ${sentence}. Run this, then try again:\n`) as string,
  });

  test('what the scripts built, listed, pushed and signed is verified', async () => {
    for (const [name, { status, stderr }] of Object.entries(steps))
      expect([name, status, status === 0 ? '' : stderr]).toEqual([name, 0, '']);
    const { api, worker } = supply.digests;
    const env = { NINES_API_DIGEST: api, NINES_WORKER_DIGEST: worker };
    expect(await verify(released, env)).toMatchObject({
      status: 0,
      stdout: `verified ${released}/nines-api@${api}\nverified ${released}/nines-worker@${worker}\n`,
    });
  });

  test('a second push moves no tag, and a second signing signs nothing', async () => {
    const { api = '', worker } = supply.digests;
    const referrers = new Referrers(supply.address, 'released/nines-api');
    const before = await referrers.of(api);
    const tag = (name: string): string => supply.image(released, name);
    expect(await supply.script('push-images', released)).toMatchObject({
      status: 0,
      stdout: ['api', 'worker'].map((name) => `${tag(name)} is in the registry already\n${name}=${supply.digests[name]}\n`).join(''),
    });
    expect(await supply.script('sign-images', released, KEY)).toMatchObject({
      status: 0,
      stdout: `${released}/nines-api@${api} is signed already\n${released}/nines-worker@${worker} is signed already\n`,
    });
    expect(before).toHaveLength(2);
    expect(await referrers.of(api)).toEqual(before);
  });

  test('an image that somebody else has put under the tag is not signed', async () => {
    const { place } = await copy('planted');
    const planted = await moveTag(place);
    await supply.tag(supply.image(released, 'api'), supply.image(place, 'api'));
    const pushed = await supply.script('push-images', place, [], { GITHUB_OUTPUT: '' });
    expect(pushed).toMatchObject({ status: 0, stdout: expect.stringContaining(planted) as string });
    expect(await supply.script('sign-images', place, KEY)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`${place}/nines-api@${planted} is under the tag, and this machine has not built it`) as string,
    });
    expect(await verify(place)).toEqual(refusal(`the image ${place}/nines-api@${planted} is not signed by who may sign`));
  });

  test('what is attested is the whole list: packages of Debian, and those inside of the bundle', async () => {
    const [{ bundle } = never(), ...others] = await new Referrers(supply.address, 'released/nines-api').bundles(
      supply.digests['api'] ?? '',
      BILL,
    );
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()) as {
      predicate: { components: { purl?: string }[] };
    };
    expect(statement.predicate).toEqual(JSON.parse(readFileSync(join(supply.folder, 'reports/nines-api.cdx.json'), 'utf8')));
    const urls = statement.predicate.components.map(({ purl }) => purl ?? '');
    expect(urls.filter((url) => url.startsWith('pkg:deb/debian/libc6@'))).toHaveLength(1);
    expect(urls.filter((url) => url.startsWith('pkg:npm/fastify@'))).toHaveLength(1);
    expect(others).toEqual([]);
  });

  test('with a key, nothing goes into a public log', async () => {
    const referrers = new Referrers(supply.address, 'released/nines-api');
    const kinds = await Promise.all([SIGNATURE, BILL].map((kind) => referrers.bundles(supply.digests['api'] ?? '', kind)));
    expect(kinds.flat().map(({ bundle }) => bundle.verificationMaterial.tlogEntries ?? [])).toEqual([[], []]);
  });

  test('an image that nobody signed is refused', async () => {
    const { place } = await copy('unsigned');
    expect(await verify(place)).toEqual(refusal(`the image ${place}/nines-api@${supply.digests['api']} is not signed by who may sign`));
  });

  test('an image that another key signed is refused', async () => {
    const sentence = `the image ${released}/nines-api@${supply.digests['api']} is not signed by who may sign`;
    expect(await supply.script('verify-images', released, ['--key', '../other.pub'])).toEqual(refusal(sentence));
  });

  test('another image under the tag is refused, by what was pushed and by its signature', async () => {
    const { place, digest } = await signedCopy('moved');
    expect(await verify(place)).toMatchObject({ status: 0 });
    const moved = await moveTag(place);
    expect(moved).not.toBe(digest);
    expect(await verify(place, { NINES_API_DIGEST: digest })).toEqual(
      refusal(`the tag ${supply.sha} of nines-api is ${moved}, and ${digest} was pushed`),
    );
    expect(await verify(place)).toEqual(refusal(`the image ${place}/nines-api@${moved} is not signed by who may sign`));
  });

  test('the signature and the attestation of another image are refused', async () => {
    const { place, digest, referrers } = await signedCopy('borrowed');
    const moved = await moveTag(place);
    await referrers.set(moved, await referrers.of(digest));
    expect(await verify(place)).toEqual(refusal(`the image ${place}/nines-api@${moved} is not signed by who may sign`));
    await supply.sign(`${place}/nines-api@${moved}`, '../cosign.key');
    expect(await referrers.of(moved)).toHaveLength(3);
    expect(await verify(place)).toEqual(refusal(`nobody attests what is in the image ${place}/nines-api@${moved}`));
  });

  test('an image that is signed but not attested is refused', async () => {
    const { place, digest, referrers } = await signedCopy('unattested');
    const signatures = await referrers.bundles(digest, SIGNATURE);
    await referrers.set(
      digest,
      signatures.map(({ referrer }) => referrer),
    );
    expect(await verify(place)).toEqual(refusal(`nobody attests what is in the image ${place}/nines-api@${digest}`));
  });

  test('an attestation by another key is refused', async () => {
    const { place, digest, referrers } = await signedCopy('foreign');
    const signatures = await referrers.bundles(digest, SIGNATURE);
    await referrers.set(
      digest,
      signatures.map(({ referrer }) => referrer),
    );
    await supply.attest(`${place}/nines-api@${digest}`, '../other.key');
    expect(await referrers.of(digest)).toHaveLength(2);
    expect(await verify(place)).toEqual(refusal(`nobody attests what is in the image ${place}/nines-api@${digest}`));
  });

  test('an image that is not in the registry is refused', async () => {
    const place = supply.place('empty');
    expect(await verify(place)).toEqual(refusal(`the image ${supply.image(place, 'api')} is not in the registry`));
  });
});

function never(): never {
  throw new Error('nothing is attested');
}
