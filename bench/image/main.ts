import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { SERVICES, type Service } from '../../tools/bundle/bundle.ts';
import { basesHere, buildServices } from '../../tools/offline/docker-build.ts';
import { run } from '../../tools/offline/docker-run.ts';
import { findDocker, type Docker } from '../../tools/offline/docker.ts';
import { ensureRedis } from '../../tools/redis/ensure.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import type { Bench, BenchOptions } from '../bench.ts';
import { summarise, table, type Goal, type Row } from '../summary.ts';
import type { Started } from './inside.ts';
import { sizesOf } from './size.ts';

/** As the cluster runs them; on the network of the machine, where Redis is. */
const HARDENED = ['--read-only', '--user', '1000:1000', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'host'];
const LOOPBACK = { HOST: '127.0.0.1', PORT: '0', PROBES_HOST: '127.0.0.1', PROBES_PORT: '0', DESTINATIONS: 'none=http://127.0.0.1:9/' };
const SECRET = { WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString('base64')}` };
const SERVICE: Readonly<Record<Service, { readonly line: string; readonly env: Readonly<Record<string, string>> }>> = {
  api: { line: 'listening', env: {} },
  worker: { line: 'health check up', env: SECRET },
};
const MB = 1_000_000;
const INSIDE = readFileSync(new URL('inside.ts', import.meta.url), 'utf8');

const row = (what: string, ours: readonly number[], must?: number): Row => {
  const goal: Goal | undefined = must === undefined ? undefined : { of: 'value', must };
  return summarise({ what, better: 'less', ours, peers: {}, goal });
};

async function startedOnce(docker: Docker, image: string, service: Service, redisUrl: string): Promise<Started> {
  const { line, env } = SERVICE[service];
  const variables = { ...LOOPBACK, ...env, REDIS_URL: redisUrl, MEASURED_FILE: `/app/${service}.mjs`, MEASURED_LINE: line };
  const flags = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const node = ['--input-type=module-typescript', '--disable-warning=ExperimentalWarning', '--eval', INSIDE];
  const started = JSON.parse(await docker.docker(['run', '--rm', '--init=false', ...HARDENED, ...flags, image, ...node])) as Started;
  if (started.exit !== 0) throw new Error(`the ${service} ended with ${started.exit} at SIGTERM`);
  return started;
}

async function rowsOf(docker: Docker, service: Service, image: string, redisUrl: string, options: BenchOptions): Promise<Row[]> {
  const { appBytes, imageBytes } = await sizesOf(docker, image);
  options.progress(`${service}: app layer ${appBytes} bytes, image ${imageBytes} bytes`);
  const runs: Started[] = [];
  for (let count = 0; count < options.runs; count += 1) {
    const started = await startedOnce(docker, image, service, redisUrl);
    options.progress(`${service}: start ${Math.round(started.startMs)} ms, bare ${Math.round(started.bareMs)} ms`);
    runs.push(started);
  }
  const of = (figure: (one: Started) => number): number[] => runs.map(figure);
  return [
    row(`${service}: app layer, MB gzip`, [appBytes / MB], 1),
    row(`${service}: whole image, MB compressed`, [imageBytes / MB], 52),
    row(
      `${service}: start to "${SERVICE[service].line}", ms`,
      of(({ startMs }) => startMs),
    ),
    row(
      `${service}: of that, bare node -e 0, ms`,
      of(({ bareMs }) => bareMs),
    ),
    row(
      `${service}: start less bare node, ms`,
      of(({ startMs, bareMs }) => startMs - bareMs),
      300,
    ),
    row(
      `${service}: memory after the start, MiB`,
      of(({ memoryMiB }) => memoryMiB),
      110,
    ),
    row(
      `${service}: SIGTERM to the end with 0, ms`,
      of(({ stopMs }) => stopMs),
    ),
  ];
}

async function measure(options: BenchOptions): Promise<{ rows: Row[]; standIn: boolean; load: number }> {
  const docker = await findDocker();
  if ('reason' in docker) throw new Error(docker.reason);
  const redis = await ensureRedis();
  try {
    const bases = await basesHere(docker);
    const revision = (await run('git', ['rev-parse', 'HEAD'], { cwd: ROOT })).trim();
    options.progress(bases.standIn ? 'the bases cannot be pulled here: built on stand-ins' : 'built on the bases of the Dockerfile');
    await buildServices(docker, bases, { name: 'nines-bench', revision, version: '0.0.0' });
    const load = loadavg()[0] ?? 0;
    const rows: Row[] = [];
    for (const service of SERVICES.filter((name) => options.only === undefined || name.includes(options.only))) {
      rows.push(...(await rowsOf(docker, service, `nines-bench-${service}:${revision}`, redis.url, options)));
    }
    return { rows, standIn: bases.standIn, load };
  } finally {
    await redis.stop();
    await docker.stop();
  }
}

export const imageBench: Bench = {
  about: 'the two images: size, start, memory and stop inside of a container',
  async measure(options) {
    const { rows, standIn, load } = await measure(options);
    const base = standIn ? 'stand-ins of the bases' : 'the bases of the Dockerfile';
    return { tables: [`On ${base}; load before the runs: ${load.toFixed(1)}`, table(rows)], json: { bases: base, load, rows } };
  },
};
