import { destination, type LoggerOptions as PinoOptions, pino, stdSerializers } from 'pino';
import { type Clock, isoTime, systemClock } from '../clock.ts';
import { oneOf, refuseUnknown, text } from '../options.ts';
import { correlated } from './correlation.ts';
import { lineFormat } from './format.ts';
import { logLevels } from './level.ts';
import type { Logger, LoggerOptions } from './logger.ts';
import { createRedactor } from './redaction.ts';
import { createSampler, type LogSampling } from './sampling.ts';

type Hooks = NonNullable<PinoOptions['hooks']>;

/** Leaves out lines that are too many, and says on the next one how many were. */
function sampled(sampling: LogSampling, clock: Clock): Hooks {
  const sample = createSampler(sampling, clock);
  return {
    logMethod(args, method, level) {
      const [first, second] = args;
      const message = typeof first === 'string' ? first : (second ?? '');
      const dropped = sample(level, message);
      if (dropped === undefined) return;
      if (dropped === 0) method.apply(this, args);
      else if (typeof first === 'object' && first !== null) {
        method.apply(this, [first instanceof Error ? { err: first, dropped } : { ...first, dropped }, message]);
      } else method.apply(this, [{ dropped }, message]);
    },
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
  refuseUnknown('logger', options, ['serviceName', 'level', 'redact', 'preset', 'projectId', 'sampling', 'clock', 'destination']);
  const stream = options.destination ?? destination({ fd: 1, sync: true });
  const { projectId, sampling, clock = systemClock } = options;
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
      // An error carries what its maker put on it, such as the headers of a request.
      serializers: { err: (error: Error) => redact(stdSerializers.err(error)) },
      ...(sampling === undefined ? {} : { hooks: sampled(sampling, clock) }),
    },
    correlated(stream, format),
  );
  // pino formats the fields of the first logger only; those of its children are redacted on their way in.
  const { child } = logger as unknown as { child: (this: object, fields: object, options?: object) => Logger };
  return Object.assign(logger, {
    child(this: object, fields: object, childOptions?: object) {
      return child.call(this, redact(fields), childOptions);
    },
  });
}
