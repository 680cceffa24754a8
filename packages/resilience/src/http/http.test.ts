import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Criticality, isResilienceError } from '@nines/resilience';
import { admission, type AdmissionOptions, type Admitted, type Refused, type RequestContext } from '@nines/resilience/http';
import { FakeClock } from '@nines/resilience/testing';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const as = (criticality: Criticality): Record<string, string> => ({ 'x-criticality': criticality });
const served = (result: Admitted | Refused): Admitted => {
  if (!result.admitted) throw new Error(`refused: ${result.reason}`);
  return result;
};
const word = (result: Admitted | Refused): string => (result.admitted ? 'in' : result.reason);

describe('admission by requests in flight', () => {
  test('sheds what matters least first, and critical+ only when all places are taken', () => {
    const gate = admission({ maxInFlight: 10 });
    const seen: string[] = [];
    for (let inFlight = 0; inFlight <= 10; inFlight++) {
      const levels = (['sheddable', 'sheddable+', 'critical', 'critical+'] as const).filter((level) => {
        const result = gate.admit(as(level));
        if (result.admitted) result.end(true);
        return result.admitted;
      });
      seen.push(`${inFlight}: ${levels.join(' ')}`);
      gate.admit(as('critical+'));
    }
    expect(seen.filter((line, i) => line.slice(3) !== seen[i - 1]?.slice(3))).toEqual([
      '0: sheddable sheddable+ critical critical+',
      '5: sheddable+ critical critical+',
      '7: critical critical+',
      '9: critical+',
      '10: ',
    ]);
  });

  test('gives a place back once, however often a request is ended', () => {
    const gate = admission({ maxInFlight: 1, shedFrom: { critical: 1 } });
    const first = served(gate.admit({}));
    expect(word(gate.admit({}))).toBe('in_flight');
    first.end(true);
    first.end(true);
    expect(word(gate.admit({}))).toBe('in');
    expect(gate.snapshot()).toMatchObject({ inFlight: 1, admitted: { critical: 2 }, shed: { critical: 1 } });
  });

  test('asks those it sheds to come back at different times', () => {
    const gate = admission({ maxInFlight: 1, shedFrom: { critical: 1 }, retryAfterSeconds: 2 });
    gate.admit({});
    const waits = Array.from({ length: 4 }, () => gate.admit({})).map((result) => !result.admitted && result.retryAfterSeconds);
    expect(waits).toEqual([2, 3, 4, 2]);
  });
});

describe('admission by event-loop delay', () => {
  /** Time passes, but no timer runs: something else holds the event loop. */
  async function stalled(ms: number): Promise<{ now: () => number; clock: FakeClock; stall: () => void }> {
    const clock = new FakeClock();
    let extra = 0;
    return { clock, now: () => clock.now() + extra, stall: () => void (extra += ms) };
  }

  test('sheds by criticality while the loop is late, and again serves all when it has caught up', async () => {
    const { clock, now, stall } = await stalled(140);
    const gate = admission({
      maxInFlight: 1_000,
      maxEventLoopDelayMs: 200,
      clock: { now, schedule: clock.schedule, epochMs: clock.epochMs },
    });
    gate.admit({});
    await clock.advance(20);
    expect(gate.snapshot().eventLoopDelayMs).toBeLessThanOrEqual(0);
    stall();
    await clock.advance(20);
    const tried = (): string[] => (['sheddable', 'sheddable+', 'critical'] as const).map((level) => word(gate.admit(as(level))));
    expect(gate.snapshot().eventLoopDelayMs).toBe(140);
    expect(tried()).toEqual(['event_loop', 'event_loop', 'in']);
    await clock.advance(400);
    expect(tried()).toEqual(['in', 'in', 'in']);
  });

  test('sees a delay before the late timer has run', async () => {
    const { clock, now, stall } = await stalled(500);
    const gate = admission({ maxInFlight: 1_000, clock: { now, schedule: clock.schedule, epochMs: clock.epochMs } });
    gate.admit({});
    stall();
    expect(word(gate.admit(as('critical+')))).toBe('event_loop');
  });

  test('looks only while a request is served', () => {
    const clock = new FakeClock();
    const gate = admission({ maxInFlight: 10, clock });
    const request = served(gate.admit({}));
    expect(clock.pending).toBe(1);
    request.end(true);
    expect([clock.pending, gate.snapshot().eventLoopDelayMs]).toEqual([0, 0]);
  });
});

describe('deadline and criticality of a request', () => {
  test.each([
    ['1500m', 1_500],
    ['2S', 2_000],
    ['1M', 60_000],
    ['5H', 3_600_000],
    ['3000u', 3],
    ['4000000n', 4],
    ['1.5S', 9_000],
    ['-1S', 9_000],
    ['123456789m', 9_000],
    ['soon', 9_000],
    [undefined, 9_000],
  ])('grpc-timeout %s leaves %i ms, of at most an hour, and 9 s when it says nothing', (header, ms) => {
    const clock = new FakeClock();
    const gate = admission({ maxInFlight: 10, defaultDeadlineMs: 9_000, clock });
    expect(served(gate.admit({ 'grpc-timeout': header })).request.remainingMs()).toBeCloseTo(ms, 6);
  });

  test('the signal aborts at the deadline, not when the request was answered before, and no timer is left', async () => {
    const clock = new FakeClock();
    const gate = admission({ maxInFlight: 10, clock });
    const [slow, quick] = [served(gate.admit({ 'grpc-timeout': '100m' })), served(gate.admit({ 'grpc-timeout': '100m' }))];
    quick.end(true);
    await clock.advance(100);
    expect(slow.request.signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect([slow.request.remainingMs(), quick.request.signal.aborted]).toEqual([0, false]);
    slow.end(true);
    expect(clock.pending).toBe(0);
  });

  test('a request without time left is answered 504 and takes no place', () => {
    const gate = admission({ maxInFlight: 1 });
    expect(gate.admit({ 'grpc-timeout': '0m' })).toMatchObject({
      admitted: false,
      reason: 'deadline',
      status: 504,
      retryAfterSeconds: undefined,
    });
    expect(gate.snapshot()).toMatchObject({ inFlight: 0, expired: 1 });
  });

  test('headers that are not trusted, or given twice or wrongly, count for nothing', () => {
    const gate = admission({ maxInFlight: 10, defaultCriticality: 'sheddable', trust: (headers) => headers['x-internal'] === 'yes' });
    const level = (headers: Record<string, string | string[]>): string => served(gate.admit(headers)).request.criticality;
    expect(level(as('critical+'))).toBe('sheddable');
    expect(level({ ...as('critical+'), 'x-internal': 'yes' })).toBe('critical+');
    const open = admission({ maxInFlight: 10 });
    expect(served(open.admit({ 'x-criticality': 'CRITICAL' })).request.criticality).toBe('critical');
    expect(served(open.admit({ 'x-criticality': ['sheddable', 'critical+'] })).request.criticality).toBe('critical');
    const doubtful = admission({
      maxInFlight: 10,
      trust: () => {
        throw new Error('doubt');
      },
    });
    expect(served(doubtful.admit({ 'grpc-timeout': '1m' })).request.remainingMs()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('handler for node:http', () => {
  test('the request is known in all that its handler begins, and nowhere else', async () => {
    const gate = admission({ maxInFlight: 10 });
    const url = await serve(
      gate.handler(async (_request, response) => {
        await new Promise(setImmediate);
        response.end(`${gate.current()?.criticality} ${String((gate.current()?.remainingMs() ?? 0) <= 5_000)}`);
      }),
    );
    const headers = { ...as('sheddable+'), 'grpc-timeout': '5S' };
    expect(await (await fetch(url, { headers })).text()).toBe('sheddable+ true');
    expect(gate.current()).toBeUndefined();
  });

  test('sheds with 503 and Retry-After while it is full, and serves again after', async () => {
    const gate = admission({ maxInFlight: 1, shedFrom: { critical: 1 }, retryAfterSeconds: 7 });
    const held: ServerResponse[] = [];
    const url = await serve(gate.handler((_request, response) => void held.push(response)));
    const first = fetch(url);
    while (held.length === 0) await new Promise(setImmediate);
    const shed = await fetch(url, { method: 'POST', body: 'x' });
    expect([shed.status, shed.headers.get('retry-after'), await shed.text()]).toEqual([503, '7', '']);
    const over = once(held[0] as ServerResponse, 'close');
    held[0]?.end('served');
    expect(await (await first).text()).toBe('served');
    await over;
    expect(gate.snapshot()).toMatchObject({ inFlight: 0, admitted: { critical: 1 }, shed: { critical: 1 } });
  });

  test('the signal aborts when the client leaves, and the place is free again', async () => {
    const gate = admission({ maxInFlight: 10 });
    const arrived: (RequestContext | undefined)[] = [];
    const url = await serve(gate.handler(() => arrived.push(gate.current())));
    const leave = new AbortController();
    const left = fetch(url, { signal: leave.signal }).catch((error: Error) => error.name);
    while (arrived.length === 0) await new Promise(setImmediate);
    const signal = arrived[0]?.signal ?? AbortSignal.abort('none');
    const aborted = once(signal, 'abort');
    leave.abort();
    await Promise.all([aborted, left]);
    expect(isResilienceError(signal.reason) && signal.reason.code).toBe('ABORTED');
    expect(gate.snapshot().inFlight).toBe(0);
  });
});

describe('hook for fastify', () => {
  /** What fastify hands to an onRequest hook, on a real response. */
  async function hooked(options: AdmissionOptions): Promise<{ url: string; gate: ReturnType<typeof admission> }> {
    const gate = admission(options);
    const url = await serve((request, raw) => {
      const reply = {
        raw,
        code: (status: number) => void (raw.statusCode = status),
        header: (name: string, value: string) => raw.setHeader(name, value),
        send: (payload: string) => raw.end(payload),
      };
      gate.onRequest(request, reply, () => raw.end(gate.current()?.criticality));
    });
    return { url, gate };
  }

  test('runs what follows inside the request, and gives the place back', async () => {
    const { url, gate } = await hooked({ maxInFlight: 1 });
    expect(await (await fetch(url, { headers: as('critical+') })).text()).toBe('critical+');
    expect(await (await fetch(url, { headers: as('critical') })).text()).toBe('critical');
    expect(gate.snapshot().admitted).toMatchObject({ 'critical+': 1, critical: 1 });
  });

  test('sends the refusal itself', async () => {
    const { url } = await hooked({ maxInFlight: 1 });
    const response = await fetch(url, { headers: { 'grpc-timeout': '0m' } });
    expect([response.status, response.headers.get('retry-after')]).toEqual([504, null]);
  });
});

test.each([
  { maxInFlight: 0 },
  { maxEventLoopDelayMs: 0 },
  { shedFrom: { critical: 0 } },
  { shedFrom: { sheddable: 0.95 } },
  { shedFrom: { other: 0.1 } },
  { defaultCriticality: 'high' },
  { defaultDeadlineMs: 0 },
  { trust: true },
  { retryAfterSeconds: -1 },
  { maxInflight: 1 },
])('refuses %j', (wrong) => {
  expect(() => admission({ maxInFlight: 10, ...wrong } as AdmissionOptions)).toThrow(/^admission: /);
});
