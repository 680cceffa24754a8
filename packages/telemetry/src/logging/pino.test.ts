import { describe, expect, test } from 'vitest';
import { memoryLogs } from '../testing/logs.ts';
import { createLogger } from './pino.ts';
import { redactedFields } from './redaction.ts';

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

  test.for([...redactedFields, 'ssn'])('never writes the value of %s, up to three objects deep', (name) => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs, redact: ['ssn'] });
    logger.info({ [name]: canary, a: { [name]: canary, b: { [name]: canary } } }, 'shown');
    logger.child({ [name]: canary }).info('child');
    expect(JSON.stringify(logs.lines)).not.toContain(canary);
    expect(logs.lines[0]?.['a']).toEqual({ [name]: '[redacted]', b: { [name]: '[redacted]' } });
  });

  test('a dotted path is redacted where it is, and nowhere else', () => {
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs, redact: ['user.e-mail'] });
    logger.info({ user: { 'e-mail': canary, name: 'x' }, 'e-mail': 'kept' }, 'shown');
    expect(logs.lines[0]).toMatchObject({ user: { 'e-mail': '[redacted]', name: 'x' }, 'e-mail': 'kept' });
  });

  test('wrong options are refused', () => {
    expect(() => createLogger({ serviceName: '' })).toThrow('serviceName must be a string of 1 to 255 characters, got ""');
    expect(() => createLogger({ serviceName: 'x', level: 'loud' as never })).toThrow(
      'level must be one of trace, debug, info, warn, error, fatal, silent, got "loud"',
    );
    expect(() => createLogger({ serviceName: 'x', redact: ['a]; b'] })).toThrow(
      'redact must hold field names or dotted paths, got "a]; b"',
    );
  });
});
