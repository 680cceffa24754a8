import { destination, type LoggerOptions as PinoOptions, pino } from 'pino';
import { type Clock, isoTime, systemClock } from '../clock.ts';
import { callable, oneOf, refuseUnknown, text } from '../options.ts';
import { quiet } from '../quiet.ts';
import { correlated } from './correlation.ts';
import { lineFormat } from './format.ts';
import { logLevels } from './level.ts';
import type { Logger, LoggerOptions } from './logger.ts';
import { createRedactor } from './redaction.ts';
import { createSampler, type LogSampling } from './sampling.ts';

type LogMethodHook = NonNullable<NonNullable<PinoOptions['hooks']>['logMethod']>;

/** Writes a line; one that cannot be written as it was given is written without what was given, so that at least its place in time is known. */
function guarded(onError: (error: unknown) => void): LogMethodHook {
  return function write(args, method) {
    try {
      for (let index = 1; index < args.length; index += 1) {
        const part: unknown = args[index];
        // A message is text. Objects in its place would pass the redaction by.
        if (typeof part === 'object' && part !== null) args[index] = '[object]';
      }
      method.apply(this, args);
    } catch (error) {
      quiet(() => onError(error));
      const message = args.find((part) => typeof part === 'string');
      quiet(() => method.apply(this, [{ unreadable: true }, message]));
    }
  };
}

/** Leaves out lines that are too many, and says on the next one how many were. */
function sampled(sampling: LogSampling, clock: Clock, write: LogMethodHook): LogMethodHook {
  const sample = createSampler(sampling, clock);
  return function writeSome(args, method, level) {
    const [first, second] = args;
    const message = typeof first === 'string' ? first : (second ?? '');
    const dropped = sample(level, typeof message === 'string' ? message : '');
    if (dropped === undefined) return;
    if (dropped === 0) write.call(this, args, method, level);
    else if (typeof first === 'object' && first !== null) {
      const told = function withDropped(this: unknown, fields: object, text?: string): void {
        method.apply(this as never, [fields instanceof Error ? { err: fields, dropped } : { ...fields, dropped }, text] as never);
      };
      write.call(this, [first, message] as never, told as never, level);
    } else write.call(this, [{ dropped }, message] as never, method, level);
  };
}

/**
 * A logger that writes one JSON object a line: `level`, `time` (ISO 8601), `service`, the fields, `msg`, and inside a span
 * `trace_id`, `span_id` and `trace_flags`; the preset `gcp` gives `severity`, `message` and Google Cloud's names of the trace. Lines are written synchronously, so a crash loses none.
 *
 * @throws TelemetryError `INVALID_OPTION` when an option is unknown or out of range.
 * @example
 * ```ts
 * import { createLogger } from '@nines/telemetry/logging';
 * const logger = createLogger({ serviceName: 'api', level: 'debug' });
 * logger.info({ jobId: 'j1', token: 'never shown' }, 'accepted');
 * ```
 */
export function createLogger(options: LoggerOptions): Logger {
  refuseUnknown('logger', options, [
    'serviceName',
    'level',
    'redact',
    'preset',
    'projectId',
    'sampling',
    'clock',
    'destination',
    'onError',
  ]);
  const stream = options.destination ?? destination({ fd: 1, sync: true });
  const { projectId, sampling, clock = systemClock, onError = () => undefined } = options;
  const write = guarded(onError);
  callable('onError', onError);
  const format = lineFormat(
    oneOf('preset', options.preset, 'plain', ['plain', 'gcp']),
    projectId === undefined ? undefined : text('projectId', projectId, 100),
  );
  const redact = createRedactor(options.redact) as (fields: object) => Record<string, unknown>;
  const logger = pino(
    {
      base: { service: text('serviceName', options.serviceName) },
      level: oneOf('level', options.level, 'info', logLevels),
      timestamp: () => `,"time":"${isoTime()}"`,
      messageKey: format.messageKey,
      errorKey: format.errorKey,
      formatters: { level: (label) => format.level(label), log: redact },
      // The redaction has made plain fields of it.
      serializers: { err: (error: unknown) => error },
      hooks: { logMethod: sampling === undefined ? write : sampled(sampling, clock, write) },
    },
    correlated(stream, format),
  );
  // pino formats the fields of the first logger only; those of its children are redacted on their way in.
  const { child } = logger as unknown as { child: (this: object, fields: object, options?: object) => Logger };
  return Object.assign(logger, {
    child(this: Logger, fields: object, childOptions?: object) {
      try {
        return child.call(this, redact(fields), childOptions);
      } catch (error) {
        quiet(() => onError(error));
        return this;
      }
    },
  });
}
