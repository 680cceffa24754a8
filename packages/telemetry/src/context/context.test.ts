import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { assert, dictionary, oneof, property, string, array, constantFrom } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../logging/pino.ts';
import { memoryLogs } from '../testing/logs.ts';
import { extractContext, injectContext, runInContext } from './carrier.ts';
import { correlationId, correlationIdOf, withCorrelationId } from './correlation-id.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }));
});
afterAll(() => {
  context.disable();
  propagation.disable();
});

test('trace and baggage survive the way over a plain carrier', () => {
  const carrier = runInContext({ TraceParent: traceparent, baggage: 'tenant=a' }, () =>
    withCorrelationId('order-7', () => injectContext()),
  );
  expect(carrier).toEqual({ traceparent, baggage: 'tenant=a,correlation.id=order-7' });
  runInContext(carrier, () => {
    expect(trace.getSpanContext(context.active())?.traceId).toBe(traceId);
    expect(correlationId()).toBe('order-7');
  });
});

test.for([
  ['00-xyz-00f067aa0ba902b7-01', undefined],
  [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
  [`ff-${traceId}-00f067aa0ba902b7-01`, undefined],
  [`${traceparent}${'x'.repeat(9000)}`, undefined],
  [traceparent, traceId],
])('traceparent %s', ([value, expected]) => {
  expect(trace.getSpanContext(extractContext({ traceparent: value }))?.traceId).toBe(expected);
});

test('whatever a carrier holds, nothing throws and ids stay harmless', () => {
  const seed = Date.now();
  const value = oneof(string({ maxLength: 200 }), array(string()), constantFrom(undefined, traceparent, 'a=b;c', 'x'.repeat(20_000)));
  const carriers = dictionary(oneof(string(), constantFrom('traceparent', 'tracestate', 'baggage', 'x-request-id')), value);
  assert(
    property(carriers, (carrier) => {
      expect(runInContext(carrier, () => correlationIdOf(carrier))).toMatch(/^[\w.:/+=@-]{1,128}$/u);
    }),
    { seed, verbose: true },
  );
});

describe('the correlation id', () => {
  test('is X-Request-Id, else the trace id, else new', () => {
    expect(correlationIdOf({ 'X-Request-Id': 'order-7', traceparent })).toBe('order-7');
    expect(correlationIdOf({ 'x-request-id': 'a\nb"', traceparent })).toBe(traceId);
    expect(correlationIdOf({ 'x-request-id': 'x'.repeat(129) })).toMatch(/^[\da-f-]{36}$/u);
    expect(correlationIdOf({})).not.toBe(correlationIdOf({}));
  });

  test('stands on every log line within, and an id that is no harmless text is left out', () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs });
    withCorrelationId('order-7', () => logger.info('in'));
    withCorrelationId('"}', () => logger.info('forged'));
    runInContext({ baggage: 'correlation.id=%22%7D' }, () => logger.info('carried'));
    logger.info('out');
    expect(logs.lines.map((line) => line['correlation_id'])).toEqual(['order-7', undefined, undefined, undefined]);
  });
});
