import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';
import { startChild, type Child, type LogLine } from '../demo/child.ts';
import type { System } from '../demo/system.ts';
import { isReceived, newSecret, postEvent, setFaults, testSystem } from './harness.ts';

const program = ['redis-server', 'valkey-server'].find((name) => onPath(name) !== undefined) ?? '';

const EVENTS_PER_SECOND = 100;
/** Of a process that says more, the first lines are gone. */
const LINES_KEPT = 20_000;

/**
 * What a process says of itself. Every other line counts as one from within a request or a job, whether it has a trace id or
 * not; so does each line that names a job. A message that is new is therefore wrong until it has a trace id or stands here.
 */
const OF_THE_PROCESS: ReadonlySet<unknown> = new Set([
  'starting',
  'listening',
  'consuming',
  'drained',
  'could not start',
  'health check up',
  'health check down',
  'queue trouble',
  'shutdown started',
  'shutdown step',
  'shutdown complete',
  'telemetry failed inside',
]);

const within = ({ fields }: LogLine) => 'jobId' in fields || !OF_THE_PROCESS.has(fields['msg']);

/** A line that is JSON was taken apart; of any other only the text is left. */
function isJson({ text, fields }: LogLine): boolean {
  return JSON.stringify(fields) !== JSON.stringify({ msg: text });
}

const messages = (child: Child) => new Set(child.lines.map(({ fields }) => fields['msg']));
const one = ({ text }: LogLine) => text.slice(0, 300);

function expectAllJson(children: readonly Child[]): void {
  for (const child of children) {
    expect(child.lines.length).toBeGreaterThan(0);
    expect(child.lines.length).toBeLessThan(LINES_KEPT);
    expect(child.lines.filter((line) => !isJson(line)).map(one)).toEqual([]);
    for (const { fields } of child.lines) {
      expect(fields).toMatchObject({ level: expect.any(String) as string, service: child.name, msg: expect.any(String) as string });
      expect(new Date(fields['time'] as string).getTime()).toBeGreaterThan(0);
    }
  }
}

function expectAllTraced(children: readonly Child[]): void {
  for (const child of children) {
    const untraced = child.lines.filter((line) => within(line) && !/^[\da-f]{32}$/.test(String(line.fields['trace_id'])));
    expect(untraced.map(one)).toEqual([]);
  }
}

/** An event is one trace in the lines of every process. */
function expectOneTraceEach(children: readonly Child[]): void {
  const traces = new Map<unknown, Set<unknown>>();
  for (const { fields } of children.flatMap(({ lines }) => lines)) {
    const { jobId, trace_id: traceId } = fields;
    if (jobId !== undefined) traces.set(jobId, (traces.get(jobId) ?? new Set()).add(traceId));
  }
  expect(traces.size).toBeGreaterThan(0);
  expect([...traces.values()].filter(({ size }) => size !== 1)).toEqual([]);
}

/** Sends at a steady rate until it is stopped; a refusal is as good as an answer. */
function startLoad({ apiUrl }: System): { stop(): Promise<unknown> } {
  const open = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const sending = postEvent(apiUrl, {})
      .catch(() => undefined)
      .finally(() => open.delete(sending));
    open.add(sending);
  }, 1000 / EVENTS_PER_SECOND);
  return {
    stop() {
      clearInterval(timer);
      return Promise.all(open);
    },
  };
}

/** What a caller can do wrong, one of each. */
async function misuse({ apiUrl }: System): Promise<void> {
  const post = (body: string, type = 'application/json') =>
    fetch(`${apiUrl}/process`, { method: 'POST', headers: { 'content-type': type }, body });
  const answers = [
    await post('{'),
    await post('[]'),
    await post('x', 'text/plain'),
    await fetch(`${apiUrl}/process`),
    await fetch(`${apiUrl}/x`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 422, 415, 405, 404]);
  const socket = connect(Number(new URL(apiUrl).port), '127.0.0.1').resume();
  await new Promise((resolve) => socket.once('close', resolve).end('no HTTP\r\n\r\n'));
}

const reason = (pattern: RegExp) => (line: LogLine) =>
  line.fields['msg'] === 'not delivered' && pattern.test(String(line.fields['reason']));

async function outage(system: System, redis: RunningRedis): Promise<void> {
  const ups = () => system.api.lines.filter(({ fields }) => fields['msg'] === 'health check up').length;
  const before = ups();
  process.kill(redis.pid, 'SIGKILL');
  await system.api.line(({ fields }) => fields['msg'] === 'request failed');
  await system.api.line(({ fields }) => fields['msg'] === 'health check down');
  await redis.restart('SIGKILL');
  await system.api.line(() => ups() > before);
}

test.skipIf(program === '')(
  'every line is JSON and every line of a request or job has its trace id: retries, dead letters, an outage, a killed worker, the end',
  async () => {
    const redis = await startRedis({ program, args: ['--appendonly', 'yes'] });
    onTestFinished(() => redis.stop('SIGKILL'));
    // Nobody takes the spans: what the exporter says of that is a line, too.
    const exporting = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '500' };
    const env = { ...exporting, BREAKER_MINIMUM_CALLS: '10000' };
    const system = await testSystem({ redisUrl: redis.url, workers: 2, env });
    const [worker, killed] = system.workers as [Child, Child];
    const load = startLoad(system);

    await setFaults(system, { mode: 'status', status: 500 });
    await worker.line(reason(/answered 500/));
    await setFaults(system, { mode: 'status', status: 400 });
    await worker.line(reason(/answered 400/));
    await setFaults(system, { mode: 'reset' });
    await worker.line(reason(/could not be reached/));
    await misuse(system);
    await setFaults(system, { mode: 'none', latencyMs: 20 });
    await outage(system, redis);
    await killed.stop('SIGKILL');
    const heir = await system.addWorker();
    await heir.line(({ fields }) => fields['msg'] === 'delivered');
    await load.stop();
    for (const child of [worker, heir, system.api, system.receiver]) expect(await child.stop()).toEqual({ code: 0, signal: null });

    expect([...messages(system.api)]).toEqual(
      expect.arrayContaining(['starting', 'listening', 'accepted', 'request failed', 'shutdown complete']),
    );
    expect([...messages(worker)]).toEqual(
      expect.arrayContaining(['consuming', 'delivered', 'not delivered', 'drained', 'shutdown complete']),
    );
    expect([...messages(killed)]).toEqual(expect.arrayContaining(['consuming', 'delivered']));
    expect(system.receiver.lines.some((line) => isReceived(line, 'reset'))).toBe(true);
    const all = [system.api, worker, killed, heir, system.receiver];
    expectAllJson(all);
    expectAllTraced(all);
    expectOneTraceEach(all);
  },
);

test('the line of a service that is configured wrongly is JSON', async () => {
  const env = { DESTINATIONS: 'a=http://127.0.0.1:1/', WEBHOOK_SECRET: newSecret(), CONCURRENCY: 'many' };
  const child = startChild('worker', new URL('../src/worker/main.ts', import.meta.url), env);
  expect(await child.ended).toEqual({ code: 2, signal: null });
  expectAllJson([child]);
  expect(child.lines[0]?.fields).toMatchObject({
    level: 'fatal',
    code: 'INVALID_VARIABLE',
    msg: expect.stringContaining('CONCURRENCY') as string,
  });
});
