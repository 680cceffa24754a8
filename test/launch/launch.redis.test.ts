import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { banner, plainRequire } from '../../tools/bundle/bundle.ts';
import { beforeAll, describe, expect, inject, test } from 'vitest';

const fixtures = join(import.meta.dirname, 'fixtures');
const scratch = mkdtempSync(join(tmpdir(), 'nines-launch-'));
const bundle = join(scratch, 'bundle.mjs');

/** A line of the development exporter. */
interface SpanLine {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const modes = [
  ['CommonJS', [join(fixtures, 'commonjs.cjs')]],
  ['an ES module, telemetry first', [join(fixtures, 'esm-first.mjs')]],
  ['an ES module, telemetry after every import', [join(fixtures, 'esm-late.mjs')]],
  ['an ES module with --import', ['--import', '@nines/telemetry/register', join(fixtures, 'registered.mjs')]],
  ['TypeScript whose types are stripped', [join(fixtures, 'stripped.ts')]],
  ['a bundle', [bundle]],
] as const;

beforeAll(async () => {
  await build({
    entryPoints: [join(fixtures, 'esm-late.mjs')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    conditions: ['@nines/source'],
    logLevel: 'error',
    banner: { js: banner },
    plugins: [plainRequire],
  });
});

/** Runs a program to its end. */
function run(args: readonly string[], env: Record<string, string>): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|NINES_|NODE_|VITEST)/u.test(name)));
  return new Promise((resolve) => {
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    const child = spawn(process.execPath, ['--conditions=@nines/source', ...args], {
      cwd: fixtures,
      env: { ...inherited, ...env },
      stdio: [...stdio],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('close', (code) => resolve({ code, stderr }));
  });
}

describe('http in, http out, fetch, Redis and a job are one trace, without a loader flag and without a warning', () => {
  test.for(modes)('%s', async ([mode, args]) => {
    const file = join(scratch, `${mode.replaceAll(' ', '-')}.jsonl`);
    const queue = `launch-${crypto.randomUUID()}`;
    const env = { NINES_TRACES_FILE: file, OTEL_SERVICE_NAME: 'launch', REDIS_URL: inject('redisUrl'), QUEUE: queue };
    expect(await run(args, env)).toEqual({ code: 0, stderr: '' });
    const all = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as SpanLine);
    const root = all.find((span) => span.kind === 'client' && span.parentSpanId === undefined);
    const spans = all.filter((span) => span.traceId === root?.traceId);
    const children = (parent: SpanLine | undefined) => spans.filter((span) => span.parentSpanId === parent?.spanId);
    const names = (parent: SpanLine | undefined) =>
      children(parent)
        .map(({ kind, name }) => `${kind} ${name}`)
        .toSorted();
    const outer = children(root)[0];
    expect(names(root)).toEqual(['server GET']);
    expect(names(outer)).toEqual(['client EXISTS', 'client GET', 'client GET', `producer send ${queue}`]);
    const requests = children(outer).filter((span) => span.name === 'GET');
    for (const request of requests) expect(names(request)).toEqual(['server GET']);
    const sent = children(outer).find((span) => span.kind === 'producer');
    const handled = children(sent)[0];
    expect(names(sent)).toEqual([`consumer process ${queue}`]);
    expect(names(handled)).toEqual(['client GET']);
    expect(children(handled)[0]?.attributes['db.system.name']).toBe('redis');
    expect(spans).toHaveLength(10);
  });
});
