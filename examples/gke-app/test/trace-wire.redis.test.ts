import { randomUUID } from 'node:crypto';
import { createInspector } from '@nines/queue';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startOtlpSink, type OtlpSink, type WireSpan } from '../../../tools/test/otlp-sink.ts';
import type { System } from '../demo/system.ts';
import { readApiConfig } from '../src/config.ts';
import { deliveriesQueue, redisClient } from '../src/queue.ts';
import { isReceived, setFaults, testSystem } from './harness.ts';

const SERVER = 2;
const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;
const ERROR = 2;
/** Stands in every body that is sent here, and must be in nothing that is exported. */
const CANARY = 'canary-5d1f';

interface Wired {
  readonly system: System;
  readonly sink: OtlpSink;
  readonly namespace: string;
}

/** Receiver, api and worker, each of which exports its spans over OTLP/HTTP to this test. */
async function wired(): Promise<Wired> {
  const sink = await startOtlpSink();
  const namespace = `test-${randomUUID()}`;
  const env = {
    QUEUE_NAMESPACE: namespace,
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    // An attempt that an open breaker refuses would be one more in the trace.
    BREAKER_MINIMUM_CALLS: '10000',
    // Nor is one so soon after a failure that the throttle, which remembers a second, may put it off.
    RETRY_MIN_MS: '2500',
    RETRY_MAX_MS: '2500',
  };
  return { system: await testSystem({ redisUrl: inject('redisUrl'), env }), sink, namespace };
}

/** Posts one event as a caller that has a trace of its own. */
async function postTraced({ apiUrl }: System): Promise<{ readonly id: string; readonly traceId: string; readonly callerSpan: string }> {
  const traceId = randomUUID().replaceAll('-', '');
  const callerSpan = traceId.slice(0, 16);
  const response = await fetch(`${apiUrl}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${callerSpan}-01` },
    body: JSON.stringify({ destination: 'receiver', type: 'test.event', data: CANARY }),
  });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  return { id, traceId, callerSpan };
}

/** A process that has ended in order has exported its spans. */
async function ended({ workers, api, receiver }: System): Promise<void> {
  for (const child of [...workers, api, receiver]) expect(await child.stop()).toEqual({ code: 0, signal: null });
}

const service = ({ resource }: WireSpan) => resource['service.name'];
const reference = ({ traceId, spanId }: { traceId: string; spanId: string }) => ({ traceId, spanId });

/** The spans of a trace below one of them, in the order in which they began. */
function childrenOf(spans: readonly WireSpan[], { traceId, spanId }: { traceId: string; spanId: string }): WireSpan[] {
  const children = spans.filter((span) => span.traceId === traceId && span.parentSpanId === spanId);
  return children.toSorted((a, b) => Number(a.startNs - b.startNs));
}

function only(spans: readonly WireSpan[]): WireSpan {
  expect(spans.map(({ name }) => name)).toHaveLength(1);
  return spans[0]!;
}

/** Every request of an attempt reached the receiver, whose spans are below those of the worker; gives their number. */
function expectRequests(spans: readonly WireSpan[], attempt: WireSpan, status: number): number {
  const requests = childrenOf(spans, attempt);
  for (const request of requests) {
    expect(request).toMatchObject({ name: 'POST', kind: CLIENT, attributes: { 'http.response.status_code': status } });
    expect(service(request)).toBe('worker');
    const received = only(childrenOf(spans, request));
    expect(received).toMatchObject({ name: 'POST /hooks', kind: SERVER, attributes: { 'http.response.status_code': status } });
    expect(service(received)).toBe('receiver');
  }
  return requests.length;
}

/** What the api did for the caller, down to the attempts of the worker. */
function accepted(spans: readonly WireSpan[], { traceId, callerSpan, id }: { traceId: string; callerSpan: string; id: string }) {
  const request = only(childrenOf(spans, { traceId, spanId: callerSpan }));
  expect(request).toMatchObject({ name: 'POST /process', kind: SERVER, attributes: { 'http.response.status_code': 202 } });
  const send = only(childrenOf(spans, request));
  expect(send).toMatchObject({ name: 'send deliveries', kind: PRODUCER, attributes: { 'messaging.message.id': id }, links: [] });
  expect([service(request), service(send)]).toEqual(['api', 'api']);
  const attempts = childrenOf(spans, send);
  for (const attempt of attempts) {
    expect(attempt).toMatchObject({ name: 'process deliveries', kind: CONSUMER, attributes: { 'messaging.message.id': id } });
    expect(service(attempt)).toBe('worker');
  }
  // An attempt that a policy of the worker refuses makes no request and does not count: the next one has its number again.
  const numbers = attempts.map((attempt, index) => [attempt, childrenOf(spans, attempts[index - 1] ?? request)] as const);
  let number = 0;
  for (const [attempt, before] of numbers) {
    if (before.length > 0) number += 1;
    expect(attempt.attributes['nines.queue.attempt']).toBe(number);
  }
  return { send, attempts };
}

function expectNoPayload({ bodies, contentTypes }: OtlpSink): void {
  expect([...contentTypes]).toEqual(['application/x-protobuf']);
  expect(bodies.length).toBeGreaterThan(0);
  for (const body of bodies) expect(body.includes(CANARY)).toBe(false);
}

test('one trace leads from the caller over api and worker to the receiver, through every retry, each linked to the attempt before', async () => {
  const { system, sink } = await wired();
  await setFaults(system, { mode: 'status', status: 500 });
  const posted = await postTraced(system);
  const [worker] = system.workers;
  await worker?.line(({ fields }) => fields['msg'] === 'not delivered' && fields['jobId'] === posted.id);
  await setFaults(system, { mode: 'none' });
  await worker?.line(({ fields }) => fields['msg'] === 'delivered' && fields['jobId'] === posted.id);
  await ended(system);

  const { attempts } = accepted(sink.spans, posted);
  const failed = attempts.slice(0, -1);
  for (const attempt of failed) expect(attempt.status).toBe(ERROR);
  const failures = failed.map((attempt) => expectRequests(sink.spans, attempt, 500));
  expect(failures[0]).toBeGreaterThan(0);
  const last = attempts.at(-1)!;
  expect(last.status).not.toBe(ERROR);
  expect(expectRequests(sink.spans, last, 204)).toBe(1);
  expect(attempts.map(({ links }) => links)).toEqual([[], ...failed.map((attempt) => [reference(attempt)])]);

  // Nothing else is in the trace, and three processes have told of it.
  const whole = sink.spans.filter(({ traceId }) => traceId === posted.traceId);
  const requests = failures.reduce((sum, count) => sum + count) + 1;
  expect(whole).toHaveLength(2 + attempts.length + 2 * requests);
  expect(new Set(whole.map(({ resource }) => resource['service.instance.id'])).size).toBe(3);
  expectNoPayload(sink);
});

test('a redrive begins a trace of its own, linked to what enqueued the job', async () => {
  const { system, sink, namespace } = await wired();
  await setFaults(system, { mode: 'status', status: 400 });
  const posted = await postTraced(system);
  const [worker] = system.workers;
  await worker?.line(({ fields }) => fields['msg'] === 'not delivered' && fields['jobId'] === posted.id);
  await setFaults(system, { mode: 'none' });

  const { queue: settings } = readApiConfig({ DESTINATIONS: 'receiver=http://127.0.0.1:1', QUEUE_NAMESPACE: namespace });
  const redis = redisClient(inject('redisUrl'));
  const inspector = createInspector(deliveriesQueue(settings), { redis });
  onTestFinished(() => inspector.close());
  await expect.poll(() => inspector.redrive({ ids: [posted.id] })).toEqual([posted.id]);
  const received = await system.receiver.line((line) => isReceived(line) && line.fields['jobId'] === posted.id);
  await ended(system);

  const { send, attempts } = accepted(sink.spans, posted);
  const dead = only(attempts);
  expect(dead.status).toBe(ERROR);
  expect(expectRequests(sink.spans, dead, 400)).toBe(1);

  const { trace_id: redrivenTrace } = received.fields;
  expect(redrivenTrace).not.toBe(posted.traceId);
  const again = only(sink.spans.filter(({ traceId, parentSpanId }) => traceId === redrivenTrace && parentSpanId === undefined));
  expect(again).toMatchObject({ name: 'process deliveries', kind: CONSUMER, attributes: { 'messaging.message.id': posted.id } });
  expect(again.links).toEqual([reference(send)]);
  expect(expectRequests(sink.spans, again, 204)).toBe(1);
  expect(sink.spans.filter(({ traceId }) => traceId === redrivenTrace)).toHaveLength(3);
  expectNoPayload(sink);
});
