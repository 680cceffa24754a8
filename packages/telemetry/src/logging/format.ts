import type { LogLevel } from './level.ts';

/** How a line is laid out: `plain` for any back end, `gcp` with the fields that Google Cloud Logging knows. */
export type LogPreset = 'plain' | 'gcp';

/** The names of a line's fields in one preset. */
export interface LineFormat {
  readonly messageKey: string;
  readonly errorKey: string;
  /** Field and value of a level. */
  level(label: string): Record<string, string>;
  /** The ids of a span, as the text that goes before the last brace of a line. */
  correlation(traceId: string, spanId: string, traceFlags: number): string;
}

/** Source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#logseverity */
const severities: Readonly<Record<LogLevel, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
  silent: 'DEFAULT',
};

const hex = (flags: number): string => flags.toString(16).padStart(2, '0');

const plain: LineFormat = {
  messageKey: 'msg',
  errorKey: 'err',
  level: (level) => ({ level }),
  correlation: (traceId, spanId, flags) => `,"trace_id":"${traceId}","span_id":"${spanId}","trace_flags":"${hex(flags)}"`,
};

/**
 * With a project the trace is a link in the console; without one it is still found by its id. The plain names stay, so that a query
 * works wherever the lines are read.
 *
 * Source: https://cloud.google.com/logging/docs/structured-logging
 */
function googleCloud(projectId: string | undefined): LineFormat {
  const prefix = projectId === undefined ? '' : `projects/${projectId}/traces/`;
  return {
    messageKey: 'message',
    errorKey: 'err',
    level: (label) => ({ severity: severities[label as LogLevel] ?? 'DEFAULT' }),
    correlation: (traceId, spanId, flags) =>
      `${plain.correlation(traceId, spanId, flags)},"logging.googleapis.com/trace":"${prefix}${traceId}",` +
      `"logging.googleapis.com/spanId":"${spanId}","logging.googleapis.com/trace_sampled":${(flags & 1) === 1}`,
  };
}

/** The format of a preset. */
export function lineFormat(preset: LogPreset, projectId: string | undefined): LineFormat {
  return preset === 'gcp' ? googleCloud(projectId) : plain;
}
