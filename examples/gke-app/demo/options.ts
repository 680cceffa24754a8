import { parseArgs } from 'node:util';

export const HELP = `npm run demo [-- options]

Starts Redis and Prometheus (found, or installed where that is possible), a receiver, the api and two workers, sends events through them, and
lets you break things: type the name of a switch and Enter, once more to mend it.

  --once      send one event, wait for its delivery, print its trace, end
  --duration S  end after so many seconds, 1 to 86400 (default: at Ctrl-C)
  --rate N    events each second, 1 to 200 (default 5)
  --json      print the result as JSON: with --once the event and its trace, else what became of the events and which alerts fired
  --clock N   divide every window of the objectives by N, so that alerts take seconds instead of hours; 1 to 300 (default 60)
  --any-port  take free ports instead of 8080 (api) and 8081 (receiver)
  --describe FILE
              write addresses, processes and their log files to FILE as JSON, for deploy/verify
  --game-day [SCENARIO|all]
              instead: scripted experiments with a post-mortem; npm run demo -- --game-day --help
  --help      this text

Environment: REDIS_URL, DESTINATIONS (name=url,name2=url2: your own endpoints, besides the demo's receiver), WEBHOOK_SECRET
(whsec_…), QUEUE_NAMESPACE and every other variable of the example's README.

Exit status: 0 done, 1 something failed, 2 wrong use or no Redis.`;

export interface DemoOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly rate: number;
  readonly clock: number;
  readonly durationSeconds: number | undefined;
  readonly anyPort: boolean;
  readonly describe: string | undefined;
}

/** Undefined when help was asked for. @throws Error that says what is wrong. */
export function readOptions(args: readonly string[]): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      rate: { type: 'string', default: '5' },
      clock: { type: 'string', default: '60' },
      duration: { type: 'string' },
      'any-port': { type: 'boolean', default: false },
      describe: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    once: values.once,
    json: values.json,
    rate: wholeOption('--rate', values.rate, 1, 200),
    clock: wholeOption('--clock', values.clock, 1, 300),
    durationSeconds: values.duration === undefined ? undefined : wholeOption('--duration', values.duration, 1, 86_400),
    anyPort: values.once || values['any-port'],
    describe: values.describe,
  };
}

/** @throws Error that names the option and what is allowed. */
export function wholeOption(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`${option} must be a whole number from ${min} to ${max}, got ${text}`);
}
