import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../tools/offline/docker-run.ts';
import { onPath } from '../../tools/redis/machine.ts';
import { findContainers, imageOf } from '../../tools/test/containers.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

const containers = await findContainers();
const STAND_IN = join(ROOT, 'tools/offline/syft/main.ts');
const syft = process.env['SYFT'] ?? onPath('syft');

describe.skipIf(containers.skipped !== undefined)('the list of what is in an image', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nines-bill-'));
    await containers.images();
  });
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  async function packagesBy(program: string, image: string): Promise<string[]> {
    const file = join(folder, 'bill.json');
    await run(program, ['scan', `docker:${image}`, '--quiet', '--output', `cyclonedx-json=${file}`], { env: containers.env });
    const { components } = JSON.parse(readFileSync(file, 'utf8')) as { components: { name: string; version: string; purl?: string }[] };
    const debian = components.filter(({ purl }) => purl?.startsWith('pkg:deb/'));
    return debian.map(({ name, version }) => `${name} ${version}`).toSorted();
  }

  test.each(['api', 'worker'] as const)('names the packages of Debian below the %s', async (service) => {
    const names = (await packagesBy(STAND_IN, imageOf(service))).map((line) => line.split(' ')[0]);
    expect(names).toEqual(expect.arrayContaining(['base-files', 'libc6', 'libstdc++6', 'netbase', 'tzdata']));
    expect(new Set(names).size).toBe(names.length);
  });

  test.skipIf(syft === undefined)('is by the stand-in what syft finds', async () => {
    expect(await packagesBy(STAND_IN, imageOf('api'))).toEqual(await packagesBy(syft ?? '', imageOf('api')));
  });

  test('is refused for what is no image of Debian', async () => {
    await expect(packagesBy(STAND_IN, 'nines-nothing:1')).rejects.toThrow('nines-nothing:1');
    await expect(run(STAND_IN, ['scan', 'dir:/'], { env: containers.env })).rejects.toThrow('this stand-in knows only');
  });
});
