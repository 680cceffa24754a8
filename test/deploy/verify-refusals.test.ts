import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../tools/redis/machine.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nines-verify-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function verify(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'deploy/verify'), args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: nowhere, context: {cluster: c, user: u}}]
current-context: nowhere
`;
const mend = 'deploy/scripts/connect --project PROJECT_ID';
const said = (sentence: string, command: string) => ({
  status: 1,
  stdout: '',
  stderr: `deploy/verify: ${sentence}. Run this, then try again:\n  ${command}\n`,
});

describe.skipIf(process.platform === 'win32')('deploy/verify', () => {
  test('names kubectl when it is not installed', () => {
    // Only what the wrapper itself needs; Node comes from node_modules.
    const bin = folder();
    for (const program of ['sh', 'dirname']) symlinkSync(onPath(program) ?? '', join(bin, program));
    expect(verify([], { PATH: bin })).toEqual(said('kubectl is not installed, or not on PATH', 'gcloud components install kubectl'));
  });

  test('names the command when npm ci has not run and Node is missing', () => {
    const bin = folder();
    for (const program of ['sh', 'dirname']) symlinkSync(onPath(program) ?? '', join(bin, program));
    const copy = folder();
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `cp "$1" "$2" && PATH="$3" exec "$2"`, 'sh', join(ROOT, 'deploy/verify'), join(copy, 'verify'), bin],
      {
        encoding: 'utf8',
      },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^deploy\/verify: there is no Node\.js 22\.18 or newer\. Run this, then try again:\n {2}\(cd .* && npm ci\)\n$/);
  });

  test.skipIf(onPath('kubectl') === undefined)('names the kubeconfig when there is none', () => {
    expect(verify([], { KUBECONFIG: join(folder(), 'none'), HOME: folder() })).toEqual(
      said('there is no kubeconfig that names a current context (current-context is not set)', mend),
    );
  });

  test.skipIf(onPath('kubectl') === undefined)('names the context whose cluster does not answer', () => {
    const file = join(folder(), 'config');
    writeFileSync(file, kubeconfig);
    const { status, stderr } = verify([], { KUBECONFIG: file, HOME: folder() });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^deploy\/verify: the cluster of the context nowhere cannot be reached \(.*127\.0\.0\.1:1.*refused.*\)\. Run this/,
    );
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(`  ${mend}`);
  });

  test('names the demo when there is no description', () => {
    const file = join(folder(), 'none.json');
    expect(verify(['--local', '--describe', file])).toEqual(
      said(`there is no ${file}: the demo does not run, or was not told to describe itself`, `npm run demo -- --describe ${file}`),
    );
  });

  test.each([
    [['--timeout', '0'], '--timeout must be a whole number from 1 to 3600, got 0'],
    [['--timeout', 'soon'], '--timeout must be a whole number from 1 to 3600, got soon'],
    [['--namespace', '-x'], '--namespace'],
    [['--namespace', 'Nines'], '--namespace must be a name of Kubernetes, got Nines'],
    [['--describe', 'x'], '--describe goes with --local'],
    [['--project', 'My_Project'], '--project must be the id of a Google Cloud project, got My_Project'],
    [['--local', '--project', 'my-project'], '--project goes with a cluster, not with --local'],
    [['--traces', 'jaeger:16686'], '--traces must be a URL with http or https, got jaeger:16686'],
    [['--prometheus', 'localhost'], '--prometheus must be a URL with http or https, got localhost'],
    [['--unknown'], "Unknown option '--unknown'"],
  ])('refuses %j with 2, and shows its help', (args, message) => {
    const { status, stderr } = verify(args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(verify(['--help']).stdout);
  });
});
