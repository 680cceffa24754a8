import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Slo } from '@nines/slo';
import { watchRelease } from './gate.ts';

const HELP = `node --conditions=@nines/source tools/slo-gate/main.ts FILE --prometheus URL [options]

Watches objectives after a release, and ends as soon as one of them burns.

  FILE               a module that exports \`objectives\`
  --prometheus URL   which Prometheus to ask; its bearer token comes from PROMETHEUS_TOKEN, if there is one
  --watch SECONDS    how long (default 300, at most 3600)
  --every SECONDS    how often to ask (default 15)
  --burn-rate N      what is too fast (default 14.4, the fastest of the alerts)
  --least-bad N      how many bad events it takes (default 5)
  --help             this text

Exit status: 0 fine, 1 the release burns, 2 wrong use, or it cannot be told because Prometheus never answered.`;

const LIMITS = { watch: [300, 0, 3_600], every: [15, 0.05, 600], 'burn-rate': [14.4, 1, 1_000], 'least-bad': [5, 1, 1_000_000] } as const;

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      prometheus: text,
      watch: text,
      every: text,
      'burn-rate': text,
      'least-bad': text,
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const number = (name: keyof typeof LIMITS): number => {
    const [fallback, least, most] = LIMITS[name];
    const value = Number(values[name] ?? fallback);
    if (!(value >= least && value <= most)) throw new Error(`--${name} must be a number from ${least} to ${most}, got ${values[name]}`);
    return value;
  };
  if (values.prometheus === undefined) throw new Error(`--prometheus is missing\n\n${HELP}`);
  const [file] = positionals;
  if (file === undefined) throw new Error(`the file of the objectives is missing\n\n${HELP}`);
  const { objectives } = (await import(pathToFileURL(resolve(file)).href)) as { readonly objectives?: readonly Slo[] };
  if (!Array.isArray(objectives) || objectives.length === 0) throw new Error(`${file} exports no "objectives"`);
  const token = process.env['PROMETHEUS_TOKEN'] ?? '';
  const gate = await watchRelease({
    source: { url: values.prometheus, ...(token === '' ? {} : { headers: { authorization: `Bearer ${token}` } }) },
    objectives,
    watchMs: number('watch') * 1_000,
    everyMs: number('every') * 1_000,
    burnRate: number('burn-rate'),
    leastBad: number('least-bad'),
    say: (line) => console.log(line),
  });
  console.log(`slo gate: ${gate}`);
  return { fine: 0, burns: 1, 'cannot tell': 2 }[gate];
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
