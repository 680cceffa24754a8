import type { LogLevel } from './logging/level.ts';
import { type StartingTelemetry, startTelemetry } from './start.ts';

/**
 * Starts telemetry from the environment alone: `OTEL_*`, and `NINES_LOG_LEVEL`, `NINES_PROBES_PORT`, `NINES_PROBES_HOST`, `NINES_TRACES_FILE`.
 * The service is called `unknown_service:node` when nothing names it, as OpenTelemetry does.
 */
export function startFromEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): StartingTelemetry {
  const { NINES_LOG_LEVEL: level, NINES_PROBES_PORT: port, NINES_PROBES_HOST: host } = env;
  return startTelemetry({
    serviceName: 'unknown_service:node',
    ...(level ? { logs: { level: level as LogLevel } } : {}),
    ...(port ? { probes: { port: Number(port), ...(host ? { host } : {}) } } : {}),
  });
}
