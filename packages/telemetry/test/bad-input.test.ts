import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { propagation, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { correlationId, correlationIdOf, extractContext, injectContext, withCorrelationId } from '../src/context.ts';
import { runningTelemetry, startTelemetry } from '../src/index.ts';
import { kindOf, memoryLogs, type MemorySpans, memorySpans } from '../src/testing.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const good = `00-${traceId}-00f067aa0ba902b7-01`;
let spans: MemorySpans;

beforeEach(async () => {
  spans = memorySpans();
  const quiet = { logs: { destination: memoryLogs() }, shutdown: { signals: false } };
  await startTelemetry({ serviceName: 'api', ...quiet, traces: { spanProcessors: [spans] }, baggage: { propagateTo: [/./u] } });
});
afterEach(() => runningTelemetry()?.shutdown());

/** Sends raw headers, as no client of good manners would, to a server that says what it made of them. */
async function receive(headers: Record<string, string | string[]>): Promise<Record<string, unknown>> {
  const server = createServer((incoming, response) => {
    withCorrelationId(correlationIdOf(incoming.headers), () => {
      const baggage = Object.fromEntries(
        propagation
          .getActiveBaggage()
          ?.getAllEntries()
          .map(([key, { value }]) => [key, value]) ?? [],
      );
      response.end(JSON.stringify({ traceId: trace.getActiveSpan()?.spanContext().traceId, correlationId: correlationId(), baggage }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.once('end', () => resolve(JSON.parse(text) as Record<string, unknown>));
    });
    // Our own client would write a context of its own over these.
    for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
    outgoing.once('error', reject).end();
  });
}

test('a good context is taken over', async () => {
  const got = await receive({ traceparent: good, baggage: 'tenant=a', 'X-Request-Id': 'order-7' });
  expect(got).toMatchObject({ traceId, correlationId: 'order-7', baggage: { tenant: 'a', 'correlation.id': 'order-7' } });
});

test.for<[string, Record<string, string | string[]>]>([
  ['of another length', { traceparent: `${good}0` }],
  ['of the forbidden version', { traceparent: good.replace('00-', 'ff-') }],
  ['with no hexadecimal digits', { traceparent: good.replace('4bf9', 'zzzz') }],
  ['of zeros', { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }],
  ['of eight thousand characters', { traceparent: 'x'.repeat(8000) }],
  ['twice', { traceparent: [good, good] }],
])('a traceparent %s is ignored: the request is served in a trace of its own', async ([, headers]) => {
  const got = await receive(headers);
  expect(got['traceId']).toMatch(/^[\da-f]{32}$/u);
  expect(got['traceId']).not.toBe(traceId);
  const server = spans.spans.find((span) => kindOf(span) === 'server');
  expect(server?.parentSpanContext).toBeUndefined();
});

test.for<[string, string]>([
  ['no pairs', 'a;b;c,,=,%%%'],
  ['a pair longer than 4096 bytes', `big=${'x'.repeat(5000)}`],
])('of baggage that is %s nothing is taken', async ([, baggage]) => {
  expect(Object.keys((await receive({ baggage, 'x-request-id': 'order-7' }))['baggage'] as object)).toEqual(['correlation.id']);
});

test('of baggage with a thousand pairs no more is taken, and sent on, than the specification has room for', async () => {
  const baggage = Array.from({ length: 1000 }, (_, index) => `k${index}=v`).join(',');
  const taken = Object.keys((await receive({ baggage, 'x-request-id': 'order-7' }))['baggage'] as object);
  expect(taken.length).toBeLessThanOrEqual(181);
  expect(taken.length).toBeGreaterThan(64);
});

test('ids that are no harmless text are replaced', async () => {
  for (const id of ['"}{"forged":"1', 'x'.repeat(200), '\u00e9']) {
    const { correlationId: given } = await receive({ 'X-Request-Id': id });
    expect(given).toMatch(/^[\da-f-]{32,36}$/u);
  }
});

test('a context over a message is the one that a direct call has', () => {
  trace.getTracer('test').startActiveSpan('direct', (span) => {
    const carried = trace.getSpanContext(extractContext(JSON.parse(JSON.stringify(injectContext()))));
    expect(carried).toMatchObject({
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      traceFlags: 1,
      isRemote: true,
    });
    span.end();
  });
});
