import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHART, findHelm, GKE_APIS, type Rendered } from '../../tools/deploy/helm.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** What deploy/scripts/upgrade hands to Helm is rendered here: a value that the chart does not know would be refused by its schema. */
const helm = findHelm();
if (helm === undefined)
  console.warn('SKIPPED: what upgrade asks for is not rendered here: there is neither helm nor Go with the libraries of its stand-in');

/** The `--values` and `--set` of a recorded call. The stand-in does not read Helm's lists (`{one}`), so one goes by a file. */
function render(call: string, folder: string): Rendered | undefined {
  const after = (flag: RegExp): string[] => [...call.matchAll(flag)].map(([, value = '']) => value);
  const set = after(/ --set(?:-string)? (\S+)/g);
  const hostnames = /^gke\.gateway\.hostnames=\{(\S+)\}$/;
  const listed = set.flatMap((one) => hostnames.exec(one)?.[1] ?? []);
  const file = join(folder, 'listed.yaml');
  writeFileSync(file, JSON.stringify(listed.length > 0 ? { gke: { gateway: { hostnames: listed } } } : {}));
  return helm?.template({
    namespace: after(/ --namespace (\S+)/g)[0] ?? '',
    values: [...after(/ --values deploy\/chart\/(\S+)/g), relative(CHART, file)],
    set: set.filter((one) => !hostnames.test(one)),
    apiVersions: call.includes('values-gke') ? GKE_APIS : [],
  });
}

describe.skipIf(helm === undefined || process.platform === 'win32')('upgrade asks the chart', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());

  const rendered = (args: string): string => {
    const result = render(machine.run('upgrade', args).calls.at(-1) ?? '', join(machine.repository, '..'));
    if (result?.ok !== true) throw new Error(result?.message);
    return result.text;
  };

  test('for the images of the project, its address, its domain and its certificate', () => {
    const text = rendered('--project nines-example-1 --domain relay.example.com');
    for (const name of ['api', 'worker'])
      expect(text).toContain(`image: asia-south1-docker.pkg.dev/nines-example-1/sre-portfolio-repo/nines-${name}:${machine.sha}\n`);
    expect(text).toMatch(/hostnames:\n +- relay\.example\.com\n/);
    expect(text).toContain('networking.gke.io/certmap: nines\n');
    expect(text).toContain('value: nines\n');
  });

  test('for no certificate and plain HTTP without a domain', () => {
    const text = rendered('--project nines-example-1');
    expect(text).not.toMatch(/certmap|hostnames|HTTPS/);
    expect(text).toContain('kind: Gateway\n');
  });

  test('for the images that kind-load brings, and for nothing of Google, on a cluster of this machine', () => {
    const text = rendered('--local');
    for (const name of ['api', 'worker']) expect(text).toContain(`image: kind.local/nines-${name}:${machine.sha}\n`);
    expect(text).not.toMatch(/gke|Gateway|PodMonitoring/);
  });
});
