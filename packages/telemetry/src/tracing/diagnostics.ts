import { diag, DiagLogLevel } from '@opentelemetry/api';

/**
 * Sends the SDK's own warnings and errors, such as an exporter that cannot reach its endpoint, to `report` instead of nowhere.
 * `OTEL_LOG_LEVEL` turns this off: the SDK then writes to the console by itself.
 */
export function reportDiagnostics(report: (error: unknown) => void, env: Readonly<Record<string, string | undefined>>): void {
  if (env['OTEL_LOG_LEVEL']) return;
  const tell = (message: string): void => report(message.slice(0, 1000));
  const ignore = (): void => undefined;
  const logger = { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
