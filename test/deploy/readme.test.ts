import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { tableOf } from '../../tools/verify/table.ts';
import { CHECKS } from '../../tools/verify/verify.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** deploy/README.md promises what each command prints: the lines of our own scripts are compared with what they print. */
const page = readFileSync(join(ROOT, 'deploy/README.md'), 'utf8');
const blocks = [...page.matchAll(/^```console\n\$ (.+)\n([^`]*)^```$/gm)].map(([, command = '', output = '']) => ({ command, output }));
/** The words that stand for what a reader has, and what they are on the machine of the test. */
const STANDS_FOR = [
  ['nines-example-1', 'PROJECT_ID'],
  ['octo-org/nines', 'OWNER/NAME'],
] as const;

/** The lines below a command, of which `…` stands for any number of others. */
function promised(output: string): RegExp {
  const lines = output.split('\n').slice(0, -1);
  const escaped = lines.map((line) => (line === '…' ? '(?:.*\\n)*?' : `${line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n`));
  return new RegExp(`^${escaped.join('')}$`);
}

describe.skipIf(process.platform === 'win32')('deploy/README.md', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());

  const ours = blocks.filter(({ command }) => command.startsWith('deploy/scripts/'));

  test.each(ours)('$command does what the page says', ({ command, output }) => {
    const [script = '', ...args] = STANDS_FOR.reduce((line, [real, word]) => line.replaceAll(word, real), command)
      .replace('deploy/scripts/', '')
      .split(' ');
    const { status, stdout, stderr } = machine.run(script, args.join(' '));
    const said = STANDS_FOR.reduce((text, [real, word]) => text.replaceAll(real, word), stdout)
      .replaceAll(machine.sha, 'SHA')
      .replaceAll(/sha256:[\da-f]{64}/g, 'sha256:DIGEST');
    expect([status, stderr]).toEqual([0, '']);
    expect(said).toMatch(promised(output));
  });

  test('promises lines of its own, in the order of the path', () => {
    expect(ours.map(({ command }) => command.split(/[ /]/)[2])).toEqual([
      'infrastructure',
      'connect',
      'secret',
      'secret',
      'ship',
      'slo-gate',
    ]);
    expect(ours.flatMap(({ output }) => output.split('\n')).filter((line) => /^\w/.test(line)).length).toBeGreaterThanOrEqual(4);
  });

  test('a line that no script prints is found', () => {
    expect('built a\n').not.toMatch(promised('…\nbuilt b\n'));
    expect('x\ny\nbuilt a\n').toMatch(promised('…\nbuilt a\n'));
    expect('built a\nmore\n').not.toMatch(promised('built a\n'));
  });
});

test('deploy/README.md shows the table of deploy/verify, with its rows', () => {
  const shown = /^```text\n(all pods[^`]+)^```$/m.exec(page)?.[1]?.trimEnd().split('\n') ?? [];
  const rows = ['all pods are ready', ...CHECKS].map((check) => ({ check, outcome: 'ok' as const, detail: '' }));
  expect(shown.map((line) => line.slice(0, 25).trimEnd())).toEqual(tableOf(rows));
});

test('deploy/README.md has a row for each file and folder that is no page', () => {
  const there = readdirSync(join(ROOT, 'deploy'), { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => !name.endsWith('.md'));
  const table = page.slice(page.indexOf('| folder | holds |'));
  const named = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
  expect(named.toSorted()).toEqual(there.toSorted());
  const pages = readdirSync(join(ROOT, 'deploy')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(pages.filter((name) => !page.includes(`| [${name}](${name}) |`))).toEqual([]);
});

interface Workload {
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly spec: {
        readonly nodeSelector?: Readonly<Record<string, string>>;
        readonly containers: readonly { readonly resources: { readonly requests: { readonly cpu: string; readonly memory: string } } }[];
      };
    };
  };
}

test('the costs count the requests of the rendered manifests', () => {
  const sums = { steady: { cpu: 0, memory: 0 }, spot: { cpu: 0, memory: 0 } };
  for (const name of ['api.deployment', 'worker.deployment', 'redis.statefulset']) {
    const { spec } = parse(readFileSync(join(ROOT, `deploy/k8s/gke/${name}.yaml`), 'utf8')) as Workload;
    const sum = spec.template.spec.nodeSelector?.['cloud.google.com/gke-spot'] === 'true' ? sums.spot : sums.steady;
    for (const { resources } of spec.template.spec.containers) {
      const { cpu, memory } = resources.requests;
      expect([cpu, memory]).toEqual([expect.stringMatching(/^\d+m$/), expect.stringMatching(/^\d+Mi$/)]);
      // Where an autoscaler has the say there is no number in the manifest; it begins with two.
      sum.cpu += (spec.replicas ?? 2) * Number.parseInt(cpu, 10);
      sum.memory += (spec.replicas ?? 2) * Number.parseInt(memory, 10);
    }
  }
  const shown = ({ cpu, memory }: { cpu: number; memory: number }) => `${cpu / 1000} vCPU, ${memory / 1024} GiB requested`;
  expect(page).toContain(`| Autopilot, api and Redis | ${shown(sums.steady)} |`);
  expect(page).toContain(`| Autopilot, workers on Spot | ${shown(sums.spot)} |`);
});
