import { createHealth, type Health } from './health/health.ts';
import { createLifecycle, type Lifecycle } from './lifecycle/lifecycle.ts';
import type { ShutdownReport } from './lifecycle/phases.ts';
import { handleSignals } from './lifecycle/signals.ts';
import { internalErrors, type ReportInternalError } from './internal-errors.ts';
import type { Logger } from './logging/logger.ts';
import { createLogger } from './logging/pino.ts';
import type { MetricRegistry } from './metrics/registry.ts';
import { runtimeMetrics } from './metrics/runtime.ts';
import { metricsHandler } from './metrics/scrape.ts';
import { startProbes } from './probes/server.ts';
import { type ResolvedOptions, resolveOptions, type TelemetryOptions } from './start-options.ts';
import { reportDiagnostics } from './tracing/diagnostics.ts';
import { foreignProvider } from './tracing/foreign.ts';
import { startTracing } from './tracing/sdk.ts';

/** What works from the first line, before the promise of {@link startTelemetry} is settled. */
export interface EarlyTelemetry {
  /** Structured logger with the ids of the active span. */
  readonly logger: Logger;
  /** Prometheus registry behind `/metrics`. */
  readonly metrics: MetricRegistry;
  /** Health checks behind `/readyz` and `/startupz`. */
  readonly health: Health;
  /** Shutdown phases. */
  readonly lifecycle: Lifecycle;
  /** Runs the shutdown phases, flushes spans and closes the probe server; does not exit the process. Never rejects. */
  readonly shutdown: (reason?: string) => Promise<ShutdownReport>;
}

/** Running telemetry. */
export interface Telemetry extends EarlyTelemetry {
  /** Where `/metrics`, `/livez`, `/readyz` and `/startupz` answer; `undefined` without a probe server. */
  readonly probes: { readonly url: string } | undefined;
}

/** The promise of {@link startTelemetry}, which already carries what works from the first line. */
export type StartingTelemetry = Promise<Telemetry> & EarlyTelemetry;

const running: symbol = Symbol.for('@nines/telemetry.running');
type Running = { [key: symbol]: StartingTelemetry | undefined };

/** The telemetry that this process has started and not yet shut down, in whichever installed copy of the package. */
export function runningTelemetry(): StartingTelemetry | undefined {
  return (globalThis as Running)[running];
}

interface Parts extends EarlyTelemetry {
  /** Steps that end with the last phase, in reverse order of their start. */
  readonly atEnd: (() => unknown)[];
  readonly internalError: ReportInternalError;
}

function createParts(options: ResolvedOptions): Parts {
  const { serviceName, deadlineMs, drainDelayMs } = options;
  const metrics = options.registry;
  const errors = internalErrors(metrics);
  const logger = createLogger({ ...options.logs, serviceName, onError: (error) => errors.report('logging', error) });
  errors.logTo(logger);
  const health = createHealth();
  const lifecycle = createLifecycle({
    deadlineMs,
    drainDelayMs,
    onStep({ error, durationMs, ...rest }) {
      const step = { ...rest, durationMs: Math.round(durationMs) };
      if (step.outcome === 'done') logger.info(step, 'shutdown step');
      else logger.error({ ...step, err: error }, 'shutdown step');
    },
  });
  const atEnd: (() => unknown)[] = [];
  if (options.runtime) atEnd.push(runtimeMetrics(metrics));
  lifecycle.onShutdown('unready', 'health', () => health.shuttingDown());
  health.onChange(({ name, state, error }) => {
    if (state === 'up') logger.info({ check: name }, 'health check up');
    else logger.warn({ check: name, err: error }, 'health check down');
  });
  const shutdown = async (reason?: string): Promise<ShutdownReport> => {
    const report = await lifecycle.shutdown(reason);
    for (const end of atEnd.splice(0).toReversed()) await end();
    return report;
  };
  return { logger, metrics, health, lifecycle, shutdown, atEnd, internalError: errors.report };
}

async function start(options: ResolvedOptions, parts: Parts): Promise<Telemetry> {
  const { atEnd, internalError, ...early } = parts;
  const { metrics, health, lifecycle } = early;
  let probePort: number | undefined;
  const theirs = options.environment.disabled ? undefined : foreignProvider();
  if (theirs !== undefined) {
    early.logger.warn({ provider: theirs }, 'a tracer provider is registered already: it is kept, and no SDK is started beside it');
  } else if (!options.environment.disabled) {
    reportDiagnostics((error) => internalError('opentelemetry', error), process.env);
    const tracing = await startTracing({
      ...options,
      env: process.env,
      spanProcessors: options.spanProcessors((error) => internalError('span processor', error)),
      untraced: (port) => port !== undefined && port === probePort,
    });
    // A collector that is down is no fault of the program: noted, but the shutdown stays clean.
    lifecycle.onShutdown('flush', 'traces', () => tracing.shutdown().catch((error: unknown) => internalError('traces flush', error)));
  }
  if (options.probes === undefined) return { ...early, probes: undefined };
  const handler = metricsHandler(metrics);
  const server = await startProbes(options.probes, health, handler);
  probePort = server.port;
  // After the last phase: liveness must answer until the process ends.
  atEnd.push(() => server.close());
  return { ...early, probes: { url: server.url } };
}

/** Shuts down on a signal, and when the process ends by itself: spans that wait in a batch would be lost. */
function endInOrder({ logger, lifecycle, shutdown }: EarlyTelemetry): () => void {
  const remove = handleSignals(lifecycle, {
    onSignal: (signal) => logger.info({ signal }, 'shutdown started'),
    onReport({ reason, clean, durationMs }) {
      logger.info({ reason, clean, durationMs: Math.round(durationMs) }, 'shutdown complete');
    },
  });
  const atNaturalEnd = (): void => void shutdown('nothing left to do');
  process.once('beforeExit', atNaturalEnd);
  return () => {
    remove();
    process.off('beforeExit', atNaturalEnd);
  };
}

/**
 * Starts traces, metrics, correlated logs, health endpoints and an orderly shutdown for this process, once.
 *
 * `logger`, `metrics`, `health` and `lifecycle` work on the returned promise at once; spans are recorded when it has resolved.
 * Spans leave the process only when `OTEL_EXPORTER_OTLP_ENDPOINT` (or another `OTEL_*` exporter variable), `traces.file` or a processor asks for it.
 * HTTP servers and clients and `fetch` are traced in ES modules and CommonJS alike, without a loader flag, even when they were imported before.
 *
 * A second call gives back the telemetry that runs and warns. Where somebody else has registered a tracer provider, theirs is kept with one
 * warning that names it; metrics, logs, health and lifecycle work all the same.
 *
 * @returns a promise; it rejects with `PROBE_LISTEN_FAILED` when the probe port is taken.
 * @throws TelemetryError `INVALID_OPTION` for an unknown or wrong option.
 * @example
 * ```ts
 * import { startTelemetry } from '@nines/telemetry';
 * const telemetry = await startTelemetry({ serviceName: 'api', probes: { port: 0 } });
 * telemetry.logger.info({ url: telemetry.probes?.url }, 'started');
 * await telemetry.shutdown();
 * ```
 */
export function startTelemetry(options: TelemetryOptions = {}): StartingTelemetry {
  const resolved = resolveOptions(options, process.env);
  const alreadyRunning = runningTelemetry();
  if (alreadyRunning !== undefined) {
    const { serviceName } = resolved;
    alreadyRunning.logger.warn({ serviceName }, 'telemetry is started already: the first start is kept, and these options have no effect');
    return alreadyRunning;
  }
  const { atEnd, internalError, ...early } = createParts(resolved);
  const { health, shutdown } = early;
  const forget = (): void => {
    delete (globalThis as Running)[running];
  };
  atEnd.push(forget, () => health.stop());
  if (resolved.signals) {
    atEnd.push(endInOrder(early));
  }
  const promise = start(resolved, { ...early, atEnd, internalError }).catch(async (error: unknown) => {
    await shutdown('start failed');
    throw error;
  });
  const starting: StartingTelemetry = Object.assign(promise, early);
  (globalThis as Running)[running] = starting;
  return starting;
}
