import { parseArgs } from 'node:util';
import { wholeOption } from '../options.ts';
import { interrupted } from '../signals.ts';
import { runLoad, type LoadOptions } from './run.ts';
import { report, type LoadReport } from './statistics.ts';

const HELP = `npm run load [-- options]

Sends events to a running api at a steady rate, whether or not it keeps up, and says whether that run shows that the objectives are kept.

  --url URL          the api (default http://127.0.0.1:8080)
  --rate N           requests each second, 1 to 2000 (default 100)
  --duration S       seconds, 1 to 3600 (default 30)
  --destination NAME one that the api knows (default receiver)
  --json             print the figures as JSON; progress goes to standard error
  --help             this text

Environment: API_KEY, sent as "Authorization: Bearer", where the api asks for one.

Latency counts from the moment at which a request was due (no coordinated omission). A verdict is made with 95 % confidence (exact binomial test);
"undecided" means too few requests to say: availability of 99.9 % takes 2995 without an error.

Exit status: 0 no objective is broken, 1 one is, 2 wrong use, nothing answers at the address, or it refuses every event.`;

type Options = LoadOptions & { readonly json: boolean };

/** @throws Error that says what is wrong with the arguments. */
export function readLoadOptions(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      rate: { type: 'string', default: '100' },
      duration: { type: 'string', default: '30' },
      destination: { type: 'string', default: 'receiver' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (!URL.canParse(values.url) || !/^https?:$/.test(new URL(values.url).protocol))
    throw new Error(`--url must be an http address such as http://127.0.0.1:8080, got ${values.url}`);
  return {
    url: values.url,
    rate: wholeOption('--rate', values.rate, 1, 2000),
    seconds: wholeOption('--duration', values.duration, 1, 3600),
    destination: values.destination,
    apiKey: environment['API_KEY'] || undefined,
    json: values.json,
  };
}

function tell({ requests, seconds, rate, answeredPerSecond, statuses, latencyMs, objectives, verdict }: LoadReport): string[] {
  const { p50, p90, p99, max } = latencyMs;
  const percent = (ratio: number) => `${(100 * ratio).toFixed(3)} %`;
  return [
    `requests     ${requests} in ${seconds} s, ${rate}/s asked for, ${answeredPerSecond}/s answered`,
    `statuses     ${Object.entries(statuses)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', ')}`,
    `latency      p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, max ${max} ms`,
    ...objectives.map(
      (one) =>
        `${one.name.padEnd(12)} ${one.objective}: ${one.verdict}, ${one.bad} of ${one.total} bad (95 %: ${percent(one.interval[0])} to ${percent(one.interval[1])})${one.verdict === 'undecided' ? `; ${one.samplesNeeded} more good ones would show that it is kept` : ''}`,
    ),
    `verdict      ${verdict}`,
  ];
}

async function main(args: readonly string[]): Promise<number> {
  let options: Options | 'help';
  try {
    options = readLoadOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  const say = (line: string) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  say(`sending ${options.rate}/s to ${new URL(options.url).origin} for ${options.seconds} s`);
  const { samples, seconds } = await runLoad(options, interrupted(), (done, inFlight) => say(`answered ${done}  in flight ${inFlight}`));
  if (samples.every(({ status }) => status === undefined)) {
    console.error(`nothing answers at ${new URL(options.url).origin}: start it with "npm run demo"`);
    return 2;
  }
  const refused = samples.map(({ status = 0 }) => status);
  if (refused.every((status) => status >= 400 && status < 500)) {
    console.error(
      `the api refuses every event (${[...new Set(refused)].join(', ')}): is --destination one that it knows, and API_KEY one of its keys?`,
    );
    return 2;
  }
  const figures = report(samples, options.rate, seconds);
  for (const line of tell(figures)) say(line);
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  return figures.verdict === 'broken' ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
