import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** One entry bundled as a stranger's bundler would, everything but Node and the named packages inside. */
async function bundle(entry: string, external: readonly string[] = []) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [`src/${entry}.ts`],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    metafile: true,
    write: false,
    external: [...external],
  });
  const [output] = Object.values(result.metafile.outputs);
  return {
    imports: (output?.imports ?? []).map((one) => one.path).sort(),
    inputs: Object.keys(result.metafile.inputs),
    gzipBytes: gzipSync(result.outputFiles[0]?.contents ?? '', { level: 9 }).length,
  };
}

describe('the core entry', () => {
  test('imports nothing at all: no package, no module of Node', async () => {
    const { imports, inputs } = await bundle('index');
    expect(imports).toEqual([]);
    expect(inputs.filter((input) => !input.startsWith('src/'))).toEqual([]);
  });

  test('stays at or under 10 KB, minified and compressed', async () => {
    expect((await bundle('index')).gzipBytes).toBeLessThanOrEqual(10_240);
  });
});

describe('each sub-path entry', () => {
  test.each([
    ['opossum', ['@nines/resilience', 'node:events', 'opossum']],
    ['p-retry', ['@nines/resilience', 'p-retry']],
    ['throttle', ['@nines/resilience']],
    ['diagnostics', ['node:diagnostics_channel']],
    ['hedge', ['@nines/resilience']],
    ['limit', ['@nines/resilience']],
    ['prometheus', ['@nines/resilience']],
    ['otel', ['@nines/resilience', '@opentelemetry/api']],
  ])('%s imports the core by name and only what it adapts', async (entry, wanted) => {
    const { imports, inputs } = await bundle(entry, wanted);
    expect([...new Set(imports)].toSorted()).toEqual(wanted.toSorted());
    expect(inputs.filter((input) => !input.startsWith('src/'))).toEqual([]);
    expect(inputs).not.toContain('src/errors.ts');
  });
});

test('the types that users see come from no library but OpenTelemetry and Node', () => {
  const folder = new URL('../../../api/', import.meta.url);
  const reports = readdirSync(folder).filter((file) => file.startsWith('resilience.'));
  expect(reports).toContain('resilience.opossum.d.ts');
  for (const report of reports) {
    // Examples in comments import what they need.
    const code = readFileSync(new URL(report, folder), 'utf8').replaceAll(/\/\*\*.*?\*\//gs, '');
    const from = [...code.matchAll(/from '([^']+)'/g)].map((match) => match[1] ?? '');
    expect([report, from.filter((name) => !/^(\.|node:|@nines\/resilience$|@opentelemetry\/api$)/.test(name))]).toEqual([report, []]);
  }
});
