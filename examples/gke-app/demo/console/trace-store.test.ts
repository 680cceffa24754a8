import { expect, onTestFinished, test } from 'vitest';
import { createTraceStore, type TraceStore, type TraceStoreOptions } from './trace-store.ts';

async function store(options?: TraceStoreOptions): Promise<TraceStore> {
  const started = await createTraceStore(options);
  onTestFinished(() => started.close());
  return started;
}

interface Sent {
  readonly trace: number;
  readonly span: number;
  readonly parent?: number;
  readonly kind?: number;
  readonly name?: string;
  readonly atMs?: number;
  readonly tookMs?: number;
  readonly failed?: boolean;
  readonly linked?: number;
}

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0');
const nanoseconds = (ms: number) => `${ms}000000`;

/** As an exporter sends it. */
function otlp(service: string, spans: readonly Sent[]): unknown {
  const encoded = spans.map(({ trace, span, parent, kind = 1, name = 'work', atMs = 1000, tookMs = 10, failed = false, linked }) => ({
    traceId: hex(trace, 32),
    spanId: hex(span, 16),
    ...(parent === undefined ? {} : { parentSpanId: hex(parent, 16) }),
    name,
    kind,
    startTimeUnixNano: nanoseconds(atMs),
    endTimeUnixNano: nanoseconds(atMs + tookMs),
    attributes: [
      { key: 'text', value: { stringValue: 'x'.repeat(1000) } },
      { key: 'whole', value: { intValue: '7' } },
      { key: 'nothing', value: {} },
    ],
    links: linked === undefined ? [] : [{ traceId: hex(linked, 32), spanId: hex(1, 16) }],
    status: failed ? { code: 2 } : {},
  }));
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: encoded }] }] };
}

async function post({ url }: TraceStore, body: unknown, headers: Record<string, string> = {}): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const sent = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text };
  const response = await fetch(`${url}/v1/traces`, sent);
  await response.text();
  return response.status;
}

const [SERVER, PRODUCER, CONSUMER] = [2, 4, 5];

test('the waterfall of a retried event: who under whom, when, which attempt, how long it lay in the queue, and what it is linked to', async () => {
  const traces = await store();
  const attempts: Sent[] = [
    { trace: 1, span: 4, parent: 2, kind: CONSUMER, name: 'process', atMs: 1500, tookMs: 20 },
    { trace: 1, span: 3, parent: 2, kind: CONSUMER, name: 'process', atMs: 1030, tookMs: 70, failed: true, linked: 9 },
  ];
  // The worker's spans may come before those of the api.
  expect(await post(traces, otlp('worker', attempts))).toBe(200);
  await post(
    traces,
    otlp('api', [
      { trace: 1, span: 2, parent: 1, kind: PRODUCER, name: 'send', atMs: 1005, tookMs: 5 },
      { trace: 1, span: 1, kind: SERVER, name: 'POST /process', atMs: 1000, tookMs: 12 },
    ]),
  );
  const view = traces.trace(hex(1, 32));
  expect(view).toMatchObject({
    name: 'POST /process',
    startMs: 1000,
    durationMs: 520,
    spans: 4,
    attempts: 2,
    outcome: 'recovered',
    left: 0,
  });
  expect(
    view?.rows.map(({ service, name, depth, offsetMs, durationMs, attempt, waitedMs }) => [
      service,
      name,
      depth,
      offsetMs,
      durationMs,
      attempt,
      waitedMs,
    ]),
  ).toEqual([
    ['api', 'POST /process', 0, 0, 12, undefined, undefined],
    ['api', 'send', 1, 5, 5, undefined, undefined],
    ['worker', 'process', 2, 30, 70, 1, 20],
    ['worker', 'process', 2, 500, 20, 2, 400],
  ]);
  expect(view?.rows[2]).toMatchObject({ failed: true, links: [hex(9, 32)] });
  expect(view?.rows[0]?.attributes).toEqual([
    ['text', `${'x'.repeat(299)}…`],
    ['whole', '7'],
  ]);
  expect(traces.whole(900)).toMatchObject({ p50: 0.52, p99: 0.52 });
  expect(traces.whole(1001)).toMatchObject({ p50: undefined });
});

test('a span that is sent twice is one; a parent that never came, and one that is its own, leave nothing out', async () => {
  const traces = await store();
  const spans: Sent[] = [
    { trace: 1, span: 1, parent: 99 },
    { trace: 1, span: 1, parent: 99 },
    { trace: 1, span: 2, parent: 1 },
  ];
  await post(traces, otlp('api', spans));
  expect(traces.trace(hex(1, 32))?.rows.map(({ depth }) => depth)).toEqual([0, 1]);
});

test('the newest traces are kept, and the many that went well do not push out those that failed', async () => {
  const traces = await store({ maxTraces: 4 });
  await post(
    traces,
    otlp(
      'api',
      [1, 2, 3].map((trace) => ({ trace, span: 1, failed: true })),
    ),
  );
  await post(
    traces,
    otlp(
      'api',
      [4, 5, 6, 7, 8].map((trace) => ({ trace, span: 1, tookMs: trace })),
    ),
  );
  const ids = (filter: 'newest' | 'troubled' | 'slowest') => traces.recent(filter, 10).map(({ traceId }) => Number.parseInt(traceId, 16));
  expect(ids('newest')).toEqual([8, 7, 3, 2]);
  expect(ids('troubled')).toEqual([3, 2]);
  expect(ids('slowest').at(-1)).toBe(7);
  expect(traces.recent('newest', 1)).toHaveLength(1);
});

test.each([
  ['spans', { maxSpans: 10 }],
  ['bytes', { maxBytes: 6000 }],
] as const)('memory is bounded in %s', async (_, limits) => {
  const traces = await store(limits);
  for (let trace = 1; trace <= 50; trace += 1)
    await post(
      traces,
      otlp('api', [
        { trace, span: 1 },
        { trace, span: 2, parent: 1 },
      ]),
    );
  expect(traces.recent('newest', 100).length).toBeLessThanOrEqual(5);
  expect(traces.recent('newest', 1)[0]?.traceId).toBe(hex(50, 32));
});

test('what is no request for traces is refused, and what is not understood of one is left out', async () => {
  const traces = await store();
  expect(await post(traces, 'no JSON')).toBe(400);
  expect(await post(traces, 'x'.repeat(5_000_000))).toBe(413);
  expect(await post(traces, '{}', { 'content-type': 'application/x-protobuf' })).toBe(415);
  expect((await fetch(`${traces.url}/v1/metrics`, { method: 'POST' })).status).toBe(404);
  for (const odd of [
    null,
    1,
    { resourceSpans: 7 },
    { resourceSpans: [{ scopeSpans: [{ spans: [null, { traceId: 'zz', spanId: 1 }] }] }] },
  ]) {
    expect(await post(traces, odd)).toBe(200);
  }
  expect(traces.recent('newest', 10)).toEqual([]);
});

test('one trace is given as Jaeger gives it, and one that is not kept is 404', async () => {
  const traces = await store();
  await post(traces, otlp('api', [{ trace: 1, span: 1, kind: SERVER, name: 'POST /process' }]));
  await post(traces, otlp('worker', [{ trace: 1, span: 2, parent: 1, kind: CONSUMER, name: 'process', atMs: 1500, tookMs: 20 }]));
  const answer = await fetch(`${traces.url}/api/traces/${hex(1, 32)}`);
  expect(await answer.json()).toEqual({
    data: [
      {
        traceID: hex(1, 32),
        spans: [
          expect.objectContaining({ operationName: 'POST /process', references: [], processID: 'p1' }),
          {
            traceID: hex(1, 32),
            spanID: hex(2, 16),
            operationName: 'process',
            references: [{ refType: 'CHILD_OF', traceID: hex(1, 32), spanID: hex(1, 16) }],
            startTime: 1_500_000,
            duration: 20_000,
            processID: 'p2',
          },
        ],
        processes: { p1: { serviceName: 'api' }, p2: { serviceName: 'worker' } },
      },
    ],
  });
  expect((await fetch(`${traces.url}/api/traces/${hex(2, 32)}`)).status).toBe(404);
});
