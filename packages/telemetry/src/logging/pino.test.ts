import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { memoryLogs } from '../testing/logs.ts';
import { createLogger } from './pino.ts';
import { redactedFields } from './redaction.ts';

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

const canary = 'canary-7f3a';

describe('logger', () => {
  test('writes level, time, service, fields and message as one JSON line', () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs, level: 'debug' });
    logger.trace('not written');
    logger.debug({ jobId: 'j1' }, 'accepted');
    logger.child({ queue: 'mail' }).error({ err: new Error('no') }, 'failed');
    expect(logs.lines).toHaveLength(2);
    expect(logs.lines[0]).toEqual({ level: 'debug', time: expect.any(String), service: 'api', jobId: 'j1', msg: 'accepted' });
    expect(new Date(String(logs.lines[0]?.['time'])).toISOString()).toBe(logs.lines[0]?.['time']);
    expect(logs.lines[1]).toMatchObject({ level: 'error', queue: 'mail', err: { type: 'Error', message: 'no' }, msg: 'failed' });
  });

  test.for([...redactedFields, 'ssn'])('never writes the value of %s, however deep, in whatever case, in an error too', (name) => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs, redact: ['ssn'] });
    logger.info({ [name]: canary, a: { [name]: canary, b: { [name]: canary } } }, 'shown');
    logger.child({ [name]: canary }).info('child');
    logger.info({ list: [{ [name.toUpperCase()]: canary }], deep: { deep: { deep: { [name]: canary } } } }, 'deep');
    logger.error({ err: Object.assign(new Error('no'), { config: { headers: { [name]: canary } } }) }, 'failed');
    expect(JSON.stringify(logs.lines)).not.toContain(canary);
    expect(logs.lines[0]?.['a']).toEqual({ [name]: '[redacted]', b: { [name]: '[redacted]' } });
  });

  test('what cannot be read throws nothing and shows nothing', () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs });
    const circular: Record<string, unknown> = { name: 'x' };
    circular['self'] = circular;
    const throwing = Object.defineProperty({}, 'value', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    for (const fields of [circular, throwing, { big: 1n }, { symbol: Symbol('x') }, null, undefined, [1], new Map()]) {
      logger.info(fields as object, 'shown');
    }
    expect(logs.lines.map((line) => line['msg'])).toEqual(Array.from({ length: 8 }, () => 'shown'));
    expect(logs.lines[1]).toMatchObject({ unreadable: true });
  });

  test('an object within itself, one nested deeper than ten, and one in place of a message are left out', () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs });
    const job: Record<string, unknown> = { id: 7 };
    job['job'] = job;
    job['runs'] = [{ of: job }];
    logger.info(job, 'circular');
    logger.child({ job }).info('circular child');
    let deep: object = { password: canary };
    for (let depth = 0; depth < 12; depth += 1) deep = { deep };
    logger.info(deep, 'deep');
    logger.info({}, { password: canary } as never);
    expect(logs.lines[0]).toMatchObject({ id: 7, job: '[circular]', runs: [{ of: '[circular]' }] });
    expect(logs.lines[1]).toMatchObject({ job: { id: 7, job: '[circular]' } });
    expect(JSON.stringify(logs.lines[2])).toContain('[too deep]');
    expect(logs.lines[3]).toMatchObject({ msg: '[object]' });
    expect(JSON.stringify(logs.lines)).not.toContain(canary);
  });

  test('fields that throw when they are read cost the line its fields and nothing else', () => {
    const logs = memoryLogs();
    const errors: unknown[] = [];
    const logger = createLogger({ serviceName: 'api', destination: logs, onError: (error) => errors.push(error) });
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hostile');
        },
      },
    );
    logger.info(hostile, 'read');
    logger.child(undefined as never).info('child');
    expect(logs.lines).toMatchObject([{ unreadable: true, msg: 'read' }, { msg: 'child' }]);
    expect(errors).toMatchObject([{ message: 'hostile' }]);
  });

  test('a dotted path is redacted where it is, and nowhere else', () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs, redact: ['user.e-mail'] });
    logger.info({ user: { 'e-mail': canary, name: 'x' }, 'e-mail': 'kept' }, 'shown');
    expect(logs.lines[0]).toMatchObject({ user: { 'e-mail': '[redacted]', name: 'x' }, 'e-mail': 'kept' });
  });

  test('the preset of Google Cloud has its names for level, message and trace', () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs, preset: 'gcp', projectId: 'shop-1', level: 'trace' });
    const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
    context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => logger.warn({ jobId: 'j1' }, 'slow'));
    for (const level of ['trace', 'debug', 'info', 'error', 'fatal'] as const) logger[level]('x');
    expect(logs.lines[0]).toEqual({
      severity: 'WARNING',
      time: expect.any(String),
      service: 'api',
      jobId: 'j1',
      message: 'slow',
      trace_id: span.traceId,
      span_id: span.spanId,
      trace_flags: '01',
      'logging.googleapis.com/trace': `projects/shop-1/traces/${span.traceId}`,
      'logging.googleapis.com/spanId': span.spanId,
      'logging.googleapis.com/trace_sampled': true,
    });
    expect(logs.lines.slice(1).map((line) => line['severity'])).toEqual(['DEBUG', 'DEBUG', 'INFO', 'ERROR', 'CRITICAL']);
  });

  test("every line inside a span has its ids, whatever the line's own fields say", () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs }).child({ trace_id: 'forged' });
    const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 0 };
    context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => {
      logger.info('a');
      logger.info({}, '');
    });
    context.with(trace.setSpanContext(ROOT_CONTEXT, { ...span, spanId: '0000000000000000' }), () => logger.info('invalid'));
    logger.info('outside');
    expect(logs.lines.map((line) => [line['trace_id'], line['span_id']])).toEqual([
      [span.traceId, span.spanId],
      [span.traceId, span.spanId],
      ['forged', undefined],
      ['forged', undefined],
    ]);
  });

  test('sampling writes the first lines of a message, then every so many, and tells how many it left out', async () => {
    const logs = memoryLogs();
    const clock = fakeClock();
    const logger = createLogger({ serviceName: 'api', destination: logs, clock, sampling: { first: 2, thereafter: 3, tickMs: 1000 } });
    for (let count = 1; count <= 7; count += 1) logger.info({ count }, 'polled');
    logger.info('other');
    for (let count = 0; count < 5; count += 1) logger.error('failed');
    expect(logs.lines.map((line) => [line['msg'], line['count'], line['dropped']])).toEqual([
      ['polled', 1, undefined],
      ['polled', 2, undefined],
      ['polled', 5, 2],
      ['other', undefined, undefined],
      ...Array.from({ length: 5 }, () => ['failed', undefined, undefined]),
    ]);
    await clock.advance(1000);
    logger.info({ count: 8 }, 'polled');
    expect(logs.lines.at(-1)).toMatchObject({ count: 8, dropped: 2 });
    const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
    const before = logs.lines.length;
    context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => {
      for (let count = 0; count < 20; count += 1) logger.info('polled');
    });
    expect(logs.lines.length - before).toBe(20);
  });

  test('wrong options are refused', () => {
    expect(() => createLogger({ serviceName: '' })).toThrow('serviceName must be a string of 1 to 255 characters, got ""');
    expect(() => createLogger({ serviceName: 'x', level: 'loud' as never })).toThrow(
      'level must be one of trace, debug, info, warn, error, fatal, silent, got "loud"',
    );
    expect(() => createLogger({ serviceName: 'x', sampling: { first: -1 } })).toThrow(
      'sampling.first must be a whole number from 0 to 1000000, got -1',
    );
    expect(() => createLogger({ serviceName: 'x', preset: 'aws' as never })).toThrow('preset must be one of plain, gcp, got "aws"');
    expect(() => createLogger({ serviceName: 'x', redact: ['a]; b'] })).toThrow(
      'redact must hold field names or dotted paths, got "a]; b"',
    );
  });
});
