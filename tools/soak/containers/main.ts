import { parseArgs } from 'node:util';
import { Example } from '../../cluster/example.ts';
import { exampleImages } from '../../cluster/images.ts';
import { mayMakeNetworks, missingForNetworks } from '../../cluster/network.ts';
import { describeAccount, FAULTS, isKept, underLoad, type Account } from '../../cluster/zero-loss.ts';
import { basesHere, buildServices } from '../../offline/docker-build.ts';
import { findDocker, type Docker } from '../../offline/docker.ts';
import { withOptions } from '../with-options.ts';

const HELP = `Usage: npm run soak -- containers [options]

Builds both images, runs the example in containers as deploy/k8s/gke describes them, on a network of its own with the rendered policies enforced,
and under a steady load does one fault after the other: apis and workers replaced one by one, a worker killed, Redis killed. Of what was answered
202 nothing may be lost, no request may be broken off, and each second delivery must have a reason. Wants root, Docker and nftables.

  --seconds N       for how long about (default 300); each fault is done at least once
  --rate N          requests a second (default 200)
  --pre-stop N      seconds at most between the end of a pod and SIGTERM (default: as rendered)
  --volumes FOLDER  where Redis has its append-only file (default /dev/shm, in memory, where fsync takes no time)
  --help            this text

Exit codes: 0 nothing was lost, 1 something was, 2 wrong use or something is missing.`;

const IMAGES = { name: 'nines-soak', revision: '0123456789abcdef0123456789abcdef01234567', version: '0.0.0' };

interface Options {
  readonly seconds: number;
  readonly rate: number;
  readonly preStopMaxMs: number;
  readonly volumes: string;
}

/** @throws Error that says what is wrong with the arguments. */
function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '300' },
      rate: { type: 'string', default: '200' },
      'pre-stop': { type: 'string', default: '3600' },
      volumes: { type: 'string', default: '/dev/shm' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const whole = (option: string, text: string, min: number, max: number) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`${option} must be a whole number from ${min} to ${max}, got ${text}`);
  };
  return {
    seconds: whole('--seconds', values.seconds, 1, 86_400),
    rate: whole('--rate', values.rate, 1, 2000),
    preStopMaxMs: 1000 * whole('--pre-stop', values['pre-stop'], 0, 3600),
    volumes: values.volumes,
  };
}

/** `npm run soak -- containers`; see {@link HELP}. Resolves to the exit code. */
export function soak(args: readonly string[]): Promise<number> {
  return withOptions({ args, parse: parseOptions, help: HELP }, withDocker);
}

async function withDocker(options: Options): Promise<number> {
  const why = mayMakeNetworks() ? missingForNetworks() : 'only root on Linux may make networks';
  const docker = why === undefined ? await findDocker() : { reason: why };
  if ('reason' in docker) {
    console.error(docker.reason);
    return 2;
  }
  try {
    return await run(docker, options);
  } finally {
    await docker.stop();
  }
}

async function run(docker: Docker, { seconds, rate, preStopMaxMs, volumes }: Options): Promise<number> {
  const bases = await basesHere(docker);
  await buildServices(docker, bases, IMAGES);
  const engine = { env: docker.env, docker: (...args: string[]) => docker.docker(args, { timeoutMs: 120_000 }) };
  const images = await exampleImages(engine, bases.standIn, (service) => `${IMAGES.name}-${service}:${IMAGES.revision}`);
  const example = await Example.start({ engine, images, preStopMaxMs, volumes });
  try {
    return (await strikeAll(example, seconds, rate)).every(isKept) ? 0 : 1;
  } finally {
    await example.close();
  }
}

async function strikeAll(example: Example, seconds: number, rate: number): Promise<Account[]> {
  const accounts: Account[] = [];
  const until = Date.now() + 1000 * seconds;
  do {
    for (const fault of Object.values(FAULTS)) {
      const account = await underLoad(example, fault, { perSecond: rate, around: 5 * rate });
      console.log(describeAccount(account));
      if (!isKept(account)) console.error(JSON.stringify(account.lost.concat(account.unexplained)));
      accounts.push(account);
    }
  } while (Date.now() < until);
  const sum = (of: (account: Account) => number) => accounts.reduce((total, account) => total + of(account), 0);
  const count = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
  console.log(
    `${accounts.length} faults, ${sum(({ sent }) => sent)} requests, ${sum(({ accepted }) => accepted.length)} accepted, ` +
      `${sum(({ refused }) => count(refused))} refused, ${sum(({ failed }) => count(failed))} failed, ${sum(({ lost }) => lost.length)} lost, ` +
      `${sum(({ duplicates }) => duplicates)} delivered again, ${sum(({ unexplained }) => unexplained.length)} of them unexplained`,
  );
  return accounts;
}
