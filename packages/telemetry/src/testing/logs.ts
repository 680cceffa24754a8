import type { LogDestination } from '../logging/destination.ts';

/** Log lines kept in memory. */
export interface MemoryLogs extends LogDestination {
  /** Each line, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** The messages alone. */
  messages(): readonly unknown[];
}

/**
 * A log destination for tests that keeps the lines, parsed. Hand it to `startTelemetry({ logs: { destination: logs } })`.
 *
 * @example
 * ```ts
 * import { createLogger } from '@nines/telemetry/logging';
 * import { memoryLogs } from '@nines/telemetry/testing';
 * const logs = memoryLogs();
 * createLogger({ serviceName: 'api', destination: logs }).info('hello');
 * console.log(logs.messages()); // [ 'hello' ]
 * ```
 */
export function memoryLogs(): MemoryLogs {
  const lines: Record<string, unknown>[] = [];
  return {
    lines,
    messages: () => lines.map((line) => line['msg']),
    write(line) {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  };
}
