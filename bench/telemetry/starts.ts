import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { banner, plainRequire } from '../../tools/bundle/bundle.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

const programs = {
  empty: '0;',
  nines:
    "import { startTelemetry } from '@nines/telemetry'; const telemetry = await startTelemetry({ serviceName: 'x' }); await telemetry.shutdown();",
  usual:
    "import { NodeSDK } from '@opentelemetry/sdk-node'; import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';" +
    "import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'; import 'prom-client'; import { pino } from 'pino'; pino({}, { write() {} });" +
    "const sdk = new NodeSDK({ serviceName: 'x', instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()], metricReaders: [] }); sdk.start(); await sdk.shutdown();",
} as const;

/** One way to start a process. */
export interface Start {
  readonly name: string;
  readonly of: 'nines' | 'peer';
  readonly goalMs?: number;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The ways to start, and the empty program that each is compared with. */
export interface Starts {
  readonly empty: string;
  readonly starts: readonly Start[];
  readonly remove: () => void;
}

/** Writes the programs and their bundles into a folder inside the repository, where their imports are found as a user's would be. */
export async function prepareStarts(): Promise<Starts> {
  if (!existsSync(join(root, 'packages/telemetry/dist/index.js'))) throw new Error('the packages are not built: npm run build, then again');
  const folder = mkdtempSync(join(tmpdir(), 'nines-starts-'));
  const bundled = async (name: keyof typeof programs): Promise<string> => {
    const outfile = join(folder, `${name}.mjs`);
    await build({
      stdin: { contents: programs[name], resolveDir: join(root, 'packages/telemetry'), loader: 'js' },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      logLevel: 'error',
      // Built files, as an installed package has them: nobody strips types at the start.
      banner: { js: banner },
      plugins: [plainRequire],
    });
    return outfile;
  };
  const plain = (name: keyof typeof programs): string => {
    const file = join(root, 'packages/telemetry', `.bench-${name}.mjs`);
    writeFileSync(file, programs[name]);
    return file;
  };
  const exporting = { OTEL_TRACES_EXPORTER: 'none' };
  const started = [plain('nines'), plain('usual')] as const;
  const empty = plain('empty');
  return {
    empty,
    remove() {
      for (const file of [...started, empty]) rmSync(file, { force: true });
      rmSync(folder, { recursive: true, force: true });
    },
    starts: [
      { name: 'nines, off', of: 'nines', goalMs: 20, file: started[0], env: { OTEL_SDK_DISABLED: 'true' } },
      { name: 'nines, on', of: 'nines', goalMs: 221, file: started[0], env: exporting },
      { name: 'nines, on, bundled', of: 'nines', goalMs: 75, file: await bundled('nines'), env: exporting },
      { name: 'usual set-up', of: 'peer', file: started[1], env: exporting },
      { name: 'usual set-up, bundled', of: 'peer', file: await bundled('usual'), env: exporting },
    ],
  };
}

/** Milliseconds from start to end of a process. */
export async function durationOf(file: string, env: Readonly<Record<string, string>>): Promise<number> {
  const began = performance.now();
  await run(process.execPath, [file], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  return performance.now() - began;
}
