import { createServer, get, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { injectContext, withCorrelationId } from '../context.ts';
import { runningTelemetry, startTelemetry, type TelemetryOptions } from '../index.ts';
import { memoryLogs } from '../testing/logs.ts';
import { resolveBaggage } from './baggage.ts';
import { hostOf } from './query.ts';

afterEach(async () => {
  await runningTelemetry()?.shutdown();
  vi.unstubAllEnvs();
});

type Sent = Pick<IncomingHttpHeaders, string>;

/** What comes out of the process, over each way, of baggage with a secret in it. */
async function leaves(baggage: TelemetryOptions['baggage']): Promise<Record<'http' | 'fetch' | 'message', string | undefined>> {
  const quiet = { logs: { destination: memoryLogs() }, shutdown: { signals: false } };
  await startTelemetry({ serviceName: 'api', ...quiet, ...(baggage === undefined ? {} : { baggage }) });
  const received: Sent[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const entries = { 'correlation.id': { value: 'order-7' }, 'user.mail': { value: 'secret' } };
  const within = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(entries));
  return context.with(within, async () => {
    await new Promise((resolve, reject) => void get(url, (response) => response.resume().once('end', resolve)).once('error', reject));
    await (await fetch(url)).text();
    expect(received.map((headers) => typeof headers['traceparent'])).toEqual(['string', 'string']);
    return { http: received[0]?.['baggage'] as string, fetch: received[1]?.['baggage'] as string, message: injectContext()['baggage'] };
  });
}

test('by default no host is sent baggage, and a message takes the correlation id alone', async () => {
  expect(await leaves(undefined)).toEqual({ http: undefined, fetch: undefined, message: 'correlation.id=order-7' });
});

test.for([[/^127\./gu], ['127.0.0.1']])('%s is sent the allowed keys alone', async (propagateTo) => {
  const allowed = 'correlation.id=order-7';
  expect(await leaves({ propagateTo })).toEqual({ http: allowed, fetch: allowed, message: allowed });
});

test('another host is sent nothing, whatever is allowed', async () => {
  const baggage = { allow: ['correlation.id', 'user.mail'], propagateTo: [/\.svc\.cluster\.local$/u] };
  expect(await leaves(baggage)).toEqual({ http: undefined, fetch: undefined, message: 'correlation.id=order-7,user.mail=secret' });
});

test('nothing allowed, nothing leaves', async () => {
  expect(await leaves({ allow: [], propagateTo: [/./u] })).toEqual({ http: undefined, fetch: undefined, message: undefined });
});

test('OTEL_PROPAGATORS without baggage sends none', async () => {
  vi.stubEnv('OTEL_PROPAGATORS', 'tracecontext');
  expect(await leaves({ propagateTo: [/./u] })).toEqual({ http: undefined, fetch: undefined, message: undefined });
});

test('a correlation id travels in a message', async () => {
  await startTelemetry({ serviceName: 'api', logs: { destination: memoryLogs() }, shutdown: { signals: false } });
  expect(withCorrelationId('order-7', () => injectContext())).toEqual({ baggage: 'correlation.id=order-7' });
});

test.for([
  [{ hostname: 'a.test', host: 'b.test:80' }, 'a.test'],
  [{ host: 'b.test:80' }, 'b.test'],
  [{ host: '[::1]:80' }, '::1'],
  [{ hostname: '::1' }, '::1'],
  [{}, 'localhost'],
] as const)('the host of %o is %s', ([request, host]) => {
  expect(hostOf(request)).toBe(host);
});

test('wrong options are refused', () => {
  expect(() => resolveBaggage({ to: [] } as never)).toThrow('baggage has no option to; known: allow, propagateTo');
  expect(() => resolveBaggage({ allow: 'x' } as never)).toThrow('baggage.allow must be a list of keys, got "x"');
  expect(() => resolveBaggage({ allow: [7] } as never)).toThrow('baggage.allow must be a string of 1 to 255 characters, got 7');
  expect(() => resolveBaggage({ propagateTo: [7] } as never)).toThrow('baggage.propagateTo must be a string of 1 to 255 characters, got 7');
  expect(() => resolveBaggage({ propagateTo: null } as never)).toThrow(
    'baggage.propagateTo must be a list of host names and patterns, got null',
  );
});
