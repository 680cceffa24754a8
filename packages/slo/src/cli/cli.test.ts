import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { run } from './run.ts';
import { hasPromtool } from '../../../../tools/soak/slo/promtool.ts';

const folder = mkdtempSync(join(tmpdir(), 'nines-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const header = "import { defineSlo, googleSre, rolling, sli } from '@nines/slo';";
const slo = (name: string, objective = '99.9%') =>
  `export const ${name} = defineSlo({ name: '${name}', service: 'api', objective: '${objective}', window: rolling('30d'), alerting: googleSre(), sli: sli.ratio({ bad: 'bad_total', total: 'all_total' }) });`;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const one = file('one.ts', `${header}\n${slo('availability')}\n`);
const two = file('two.ts', `${header}\n${slo('availability')}\n${slo('writes')}\n`);

async function cli(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(args, { out: (line) => out.push(line), err: (line) => err.push(line), colours: false, columns: 100 });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const commands = ['validate', 'generate', 'test', 'calc', 'simulate', 'backtest', 'report', 'gate'];

describe('nines-slo', () => {
  it('--help lists every command, and each has its own with examples', async () => {
    const { code, out } = await cli('--help');
    expect(code).toBe(0);
    for (const command of commands) {
      expect(out).toContain(`\n  ${command} `);
      const help = await cli(command, '--help');
      expect(help.code).toBe(0);
      expect(help.out).toContain(`Usage: nines-slo ${command}`);
      expect(help.out).toMatch(/Examples:\n {2}nines-slo/);
    }
  });

  it.each([
    [[], 'Usage: nines-slo COMMAND'],
    [['frobnicate'], 'nines-slo has no command "frobnicate"; it knows validate'],
    [['calc', '--objektive', '99%'], "Unknown option '--objektive'"],
    [['calc'], 'INVALID_OPTION: --objective is missing'],
    [['calc', '--objective', '100%'], 'INVALID_OBJECTIVE: objective must be more than 0% and less than 100%'],
    [['calc', '--objective', '99%', '--total', 'many'], '--total must be a whole number from 0, got "many"'],
    [['validate'], 'name a file with objectives'],
    [['validate', '/nowhere.yaml'], '/nowhere.yaml cannot be read: ENOENT'],
    [['validate', '/nowhere.mjs'], '/nowhere.mjs cannot be loaded'],
    [['simulate', two], 'choose one objective by --slo: api/availability, api/writes'],
    [['simulate', two, '--slo', 'reads'], '--slo must be one of api/availability, api/writes, got "reads"'],
    [
      ['simulate', one, '--outage', 'tsunami:at=1d'],
      '--outage must be KIND:name=value,… with a KIND of step, ramp, spike, flapping, slow-burn, got "tsunami:at=1d"',
    ],
    [['simulate', one, '--outage', 'step:at=1M,lasting=1h,errorRatio=1'], 'INVALID_DURATION: at must be a duration'],
    [['backtest', one], 'give either --total FILE with --bad or --good, or --prometheus URL'],
    [['backtest', one, '--prometheus', 'http://127.0.0.1:1'], '--from is missing'],
    [
      ['report', one, '--at', 'yesterday', '--events', '1', '--bad-events', '0'],
      '--at must be a moment such as 2026-03-04T10:00:00Z, got "yesterday"',
    ],
    [['gate', one, '--prometheus', 'prometheus:9090'], 'url must be an http address such as http://127.0.0.1:9090'],
    [['gate', one, '--prometheus', 'http://127.0.0.1:1'], 'PROMETHEUS_FAILED: http://127.0.0.1:1 did not answer'],
  ])('%j ends with 2 and says why', async (args, message) => {
    const { code, out, err } = await cli(...args);
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(message) as string });
  });

  it('validate names each objective, and refuses an impossible one', async () => {
    expect((await cli('validate', two)).out).toBe(
      'api/availability: 99.9% over 30d, 4 alerts: fine\napi/writes: 99.9% over 30d, 4 alerts: fine',
    );
    const bad = file('bad.ts', `${header}\n${slo('availability', '80%')}\n`);
    expect(await cli('validate', bad)).toMatchObject({ code: 2, err: expect.stringContaining('can never fire') as string });
  });

  const openslo = (target: string) => `apiVersion: openslo/v1
kind: SLO
metadata: { name: availability }
spec:
  service: api
  indicator:
    metadata: { name: errors }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: errors_total } } }
        total: { metricSource: { type: Prometheus, spec: { query: requests_total } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ ${target} }]
`;

  it('reads OpenSLO, gives it a policy on demand, and says the line of each fault', async () => {
    const good = file('good.yaml', openslo('target: 0.999'));
    expect((await cli('validate', good)).out).toBe('api/availability: 0.999 over 30d, 0 alerts: fine');
    expect((await cli('validate', good, '--policy', 'google-sre')).out).toContain('4 alerts');
    expect((await cli('validate', good, '--policy', 'hope')).err).toContain('--policy must be google-sre or pyrra, got "hope"');
    const typo = await cli('validate', file('typo.yaml', openslo('targt: 0.999')));
    expect(typo).toMatchObject({
      code: 2,
      err: expect.stringMatching(/typo\.yaml: spec\.objectives\[0\]\.targt \(line 15\): .*\[unknown-key\]/) as string,
    });
    expect(await cli('validate', file('broken.yaml', 'kind: [SLO\n  x'))).toMatchObject({ code: 2, out: '' });
  });

  it('calc shows budget and alerts, as text and as JSON', async () => {
    expect((await cli('calc', '--objective', '99.9%', '--total', '1000000', '--bad', '400')).out).toMatchSnapshot();
    const { out } = await cli('calc', '--objective', '99.9%', '--error-ratio', '1%', '--json');
    expect(JSON.parse(out)).toMatchObject({
      budget: 0.001,
      minimumSamples: 2_995,
      alerts: [{ factor: 14.4, detectionSeconds: null }, {}, {}, {}],
    });
  });

  it('generate writes all files, or none and no half ones', async () => {
    const out = join(folder, 'rules');
    expect((await cli('generate', two, '--out', out, '--dashboard')).code).toBe(0);
    const names = [
      'api-availability.rules.yaml',
      'api-availability.test.yaml',
      'api-writes.rules.yaml',
      'api-writes.test.yaml',
      'error-budgets.json',
      'inhibit-rules.yaml',
    ];
    expect(readdirSync(out).sort()).toEqual(names);
    const broken = join(folder, 'broken');
    file('clash.ts', `${header}\n${slo('availability')}\nexport const again = { ...availability };\n`);
    expect(await cli('generate', join(folder, 'clash.ts'), '--out', broken)).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).not.toContain('broken');
    const occupied = file('occupied', 'a file where a folder should be');
    expect(await cli('generate', one, '--out', occupied)).toMatchObject({
      code: 2,
      err: expect.stringContaining('nothing was written') as string,
    });
    expect(readFileSync(occupied, 'utf8')).toBe('a file where a folder should be');
  });

  it.skipIf(!hasPromtool)('test runs promtool on what it generates', async () => {
    expect(await cli('test', one)).toMatchObject({ code: 0, out: expect.stringContaining('SUCCESS') as string });
    expect(await cli('test', one, '--promtool', 'no-such-program')).toMatchObject({ code: 2 });
    expect(await cli('test', one, '--promtool', 'false')).toMatchObject({ code: 1 });
  });

  it('simulate draws budget and alerts; 1 when nobody is told about a significant outage', async () => {
    const told = await cli('simulate', one, '--outage', 'step:at=1d,lasting=2h,errorRatio=10%', '--over', '3d');
    expect(told.code).toBe(0);
    expect(told.out).toMatchSnapshot();
    const untold = await cli('simulate', one, '--outage', 'slow-burn:at=1d,lasting=20d,burnRate=0.9');
    expect(untold).toMatchObject({ code: 1, out: expect.stringContaining('nobody is told') as string });
  });

  const minutes = Array.from({ length: 300 }, (_, minute) => minute);
  const recording = (value: (minute: number) => number) =>
    JSON.stringify({
      status: 'success',
      data: { resultType: 'matrix', result: [{ metric: {}, values: minutes.map((at) => [at * 60, String(value(at))]) }] },
    });
  const total = file(
    'total.json',
    recording((at) => at * 600),
  );
  const bad = file(
    'bad.json',
    recording((at) => Math.max(0, Math.min(60, at - 120)) * 120),
  );

  it('backtest lists what would have fired', async () => {
    const { code, out } = await cli('backtest', one, '--total', total, '--bad', bad);
    expect(code).toBe(0);
    expect(out).toMatchSnapshot();
    const faulty = file('faulty.json', '{ "status": "error", "error": "too many samples" }');
    expect((await cli('backtest', one, '--total', faulty, '--bad', bad)).err).toBe(
      'INVALID_HISTORY: total.status must be "success", got "error" ("too many samples")',
    );
    expect((await cli('backtest', one, '--total', file('cut.json', '{ "sta'), '--bad', bad)).err).toContain('cut.json must be JSON');
  });

  it('report prints or writes Markdown, JSON and the picture', async () => {
    const { out } = await cli('report', one, '--at', '2026-04-01T00:00:00Z', '--events', '1000000', '--bad-events', '400', '--json');
    expect(JSON.parse(out)).toMatchObject({ kind: 'slo-report', state: 'met', to: '2026-04-01T00:00:00Z' });
    const [md, svg] = [join(folder, 'incident.md'), join(folder, 'incident.svg')];
    const span = ['--start', '1970-01-01T02:00:00Z', '--end', '1970-01-01T03:00:00Z'];
    const made = await cli('report', one, '--incident', 'Down', ...span, '--total', total, '--bad', bad, '--out', md, '--svg', svg);
    expect(made).toEqual({ code: 0, out: '', err: '' });
    expect(readFileSync(md, 'utf8')).toContain('# Down\n');
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /);
  });

  it.each([
    [100, 0, [], 0, 'decision: ship'],
    [900, 0, [], 0, 'decision: slow'],
    [900, 0, ['--strict'], 1, 'decision: slow'],
    [1_100, 0, [], 1, 'decision: freeze'],
    [100, 200, [], 1, 'decision: freeze'],
    [Number.NaN, 0, ['--without-data', 'slow'], 0, 'decision: slow'],
    [Number.NaN, 0, [], 1, 'decision: freeze'],
  ])('gate on %d bad events of a million, %d of the last ten thousand, %j: exit code %i', async (spent, lately, options, code, text) => {
    const url = await prometheus((query) => {
      if (query === 'time()') return 1_700_000_000;
      const isBad = query.includes('bad_total');
      if (Number.isNaN(spent)) return undefined;
      return query.includes('[1h]') ? (isBad ? lately : 10_000) : isBad ? spent : 1_000_000;
    });
    const found = await cli('gate', one, '--prometheus', url, ...options);
    expect(found).toMatchObject({ code, err: '', out: expect.stringContaining(text) as string });
    expect(JSON.parse((await cli('gate', one, '--prometheus', url, '--json', ...options)).out)).toHaveProperty('reports');
  });

  it('colours only where the terminal shows them', async () => {
    const lines: string[] = [];
    const terminal = { out: (line: string) => lines.push(line), err: () => {}, colours: true, columns: 80 };
    await run(['simulate', one, '--outage', 'step:at=1d,lasting=2h,errorRatio=10%', '--over', '3d'], terminal);
    expect(lines.join('')).toContain('\u001B[31m');
    expect((await cli('simulate', one, '--outage', 'step:at=1d,lasting=2h,errorRatio=10%', '--over', '3d')).out).not.toContain('\u001B');
  });
});

/** A stand-in that answers instant queries as Prometheus's API does; undefined is no series. */
async function prometheus(answer: (query: string) => number | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const query = new URLSearchParams(Buffer.concat(chunks).toString()).get('query') ?? '';
      const value = answer(query);
      const pair = [1_700_000_000, String(value)];
      const result = value === undefined ? [] : query === 'time()' ? pair : [{ metric: {}, value: pair }];
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
