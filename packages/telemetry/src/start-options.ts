import type { LogDestination } from './logging/destination.ts';
import type { LogPreset } from './logging/format.ts';
import { type LogLevel, logLevels } from './logging/level.ts';
import type { LoggerOptions } from './logging/logger.ts';
import type { LogSampling } from './logging/sampling.ts';
import type { MetricRegistry } from './metrics/registry.ts';
import { createRegistry } from './metrics/text-registry.ts';
import { booleanOption, oneOf, refuse, refuseUnknown, text, whole } from './options.ts';
import type { ProbeOptions } from './probes/server.ts';
import { type BaggageOptions, type BaggagePolicy, resolveBaggage } from './tracing/baggage.ts';
import { readEnvironment, type TracingEnvironment } from './tracing/environment.ts';
import { fileSpans } from './tracing/file.ts';
import { guard } from './tracing/guard.ts';
import type { SpanProcessor } from './tracing/span.ts';
import { TelemetryError } from './errors.ts';

/** Options of {@link startTelemetry}. Standard `OTEL_*` variables are read too, and win where both name the same thing. */
export interface TelemetryOptions {
  /** Name of the service on spans and log lines. May be left out when `OTEL_SERVICE_NAME` is set. */
  readonly serviceName?: string;
  /** Version of the service on spans. Default none. */
  readonly serviceVersion?: string;
  /** Log lines. */
  readonly logs?: {
    /** Least urgent level written. Default `info`. */
    readonly level?: LogLevel;
    /** More field names or dotted paths to redact. */
    readonly redact?: readonly string[];
    /**
     * Layout of a line: `plain`; `gcp` with the fields that Google Cloud Logging knows; `auto` is `gcp` where `GOOGLE_CLOUD_PROJECT` or
     * `K_SERVICE` is set. Default `auto`.
     */
    readonly preset?: 'auto' | LogPreset;
    /** Bounds the lines of one message; lines of a sampled trace and errors are always written. Default: every line is written. */
    readonly sampling?: LogSampling;
    /** Where lines go. Default standard output. */
    readonly destination?: LogDestination;
  };
  /** Metrics. */
  readonly metrics?: {
    /** A registry of your own. Default a new one. */
    readonly registry?: MetricRegistry;
    /** Register metrics of the process and the runtime. Default true. */
    readonly runtime?: boolean;
    /** Most series kept of each metric; what comes after is counted in one series whose labels are `overflow`. Default 2000. */
    readonly cardinalityLimit?: number;
    /** Keep for each bucket of a histogram the trace of a measurement. Default true. */
    readonly exemplars?: boolean;
  };
  /** Start the probe server. Default: none. */
  readonly probes?: ProbeOptions | undefined;
  /** Spans, besides the exporter that the environment names. */
  readonly traces?: {
    /** More processors that see each recorded span. Default none. */
    readonly spanProcessors?: readonly SpanProcessor[];
    /** File for the development exporter, see {@link fileSpans}. Default `NINES_TRACES_FILE`, else none. */
    readonly file?: string | undefined;
  };
  /** Which baggage leaves the process, and where to. Default: the correlation id, in carriers that the program fills itself, to no host. */
  readonly baggage?: BaggageOptions;
  /** Shutdown. */
  readonly shutdown?: {
    /** Time for the whole shutdown. Default 25000. */
    readonly deadlineMs?: number;
    /** Pause between "not ready" and "stop accepting". Default 5000 inside Kubernetes, else 0. */
    readonly drainDelayMs?: number;
    /** Shut down on SIGTERM, on SIGINT and when nothing is left to do. Default true. */
    readonly signals?: boolean;
  };
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly serviceName: string;
  readonly serviceVersion: string | undefined;
  readonly logs: Omit<LoggerOptions, 'serviceName'>;
  readonly registry: MetricRegistry;
  readonly runtime: boolean;
  readonly probes: Required<ProbeOptions> | undefined;
  readonly spanProcessors: (onError: (error: unknown) => void) => readonly SpanProcessor[];
  readonly baggage: BaggagePolicy;
  readonly deadlineMs: number;
  readonly drainDelayMs: number;
  readonly signals: boolean;
  readonly environment: TracingEnvironment;
}

type Variables = Readonly<Record<string, string | undefined>>;

function resolveProbes(probes: ProbeOptions | undefined): Required<ProbeOptions> | undefined {
  if (probes === undefined) return undefined;
  refuseUnknown('probes', probes, ['port', 'host']);
  const port = whole('probes.port', probes.port, -1, 0, 65_535);
  if (port < 0) throw new TelemetryError('INVALID_OPTION', 'probes.port must be a whole number from 0 to 65535, got undefined');
  return { port, host: text('probes.host', probes.host ?? '127.0.0.1') };
}

function refuseUnknownKeys(options: TelemetryOptions): void {
  refuseUnknown('startTelemetry', options, ['serviceName', 'serviceVersion', 'logs', 'metrics', 'probes', 'traces', 'baggage', 'shutdown']);
  refuseUnknown('logs', options.logs ?? {}, ['level', 'redact', 'preset', 'sampling', 'destination']);
  refuseUnknown('metrics', options.metrics ?? {}, ['registry', 'runtime', 'cardinalityLimit', 'exemplars']);
  refuseUnknown('traces', options.traces ?? {}, ['spanProcessors', 'file']);
  refuseUnknown('shutdown', options.shutdown ?? {}, ['deadlineMs', 'drainDelayMs', 'signals']);
  oneOf('logs.level', options.logs?.level, 'info', logLevels);
}

/** On Google Cloud the log back end is known, so nobody has to say so. */
function resolveLogs({ preset, ...rest }: NonNullable<TelemetryOptions['logs']>, env: Variables): Omit<LoggerOptions, 'serviceName'> {
  const asked = oneOf('logs.preset', preset, 'auto', ['auto', 'plain', 'gcp']);
  const projectId = env['GOOGLE_CLOUD_PROJECT'] || undefined;
  const onGoogleCloud = projectId !== undefined || Boolean(env['K_SERVICE']);
  return { ...rest, projectId, preset: asked === 'auto' ? (onGoogleCloud ? 'gcp' : 'plain') : asked };
}

/** Limits belong to a registry, so that they cannot be given beside one that has its own. */
function resolveRegistry({ registry, cardinalityLimit, exemplars }: NonNullable<TelemetryOptions['metrics']>): MetricRegistry {
  if (registry === undefined) {
    const seriesLimit = whole('metrics.cardinalityLimit', cardinalityLimit, 2000, 1, 100_000);
    return createRegistry({ seriesLimit, exemplars: booleanOption('metrics.exemplars', exemplars, true) });
  }
  if (cardinalityLimit !== undefined) refuse('metrics.cardinalityLimit', 'left out beside metrics.registry', cardinalityLimit);
  if (exemplars !== undefined) refuse('metrics.exemplars', 'left out beside metrics.registry', exemplars);
  return registry;
}

/** Checks the options and fills them from the environment and the defaults. */
export function resolveOptions(options: TelemetryOptions, env: Variables): ResolvedOptions {
  refuseUnknownKeys(options);
  const environment = readEnvironment(env);
  const deadlineMs = whole('shutdown.deadlineMs', options.shutdown?.deadlineMs, 25_000, 10, 3_600_000);
  const drainDelayMs = Math.min(deadlineMs, env['KUBERNETES_SERVICE_HOST'] ? 5000 : 0);
  const file = options.traces?.file ?? (env['NINES_TRACES_FILE'] || undefined);
  if (file !== undefined) text('traces.file', file, 4096);
  const serviceName = text('serviceName', environment.serviceName ?? options.serviceName);
  return {
    serviceName,
    serviceVersion: options.serviceVersion === undefined ? undefined : text('serviceVersion', options.serviceVersion),
    logs: resolveLogs(options.logs ?? {}, env),
    registry: resolveRegistry(options.metrics ?? {}),
    runtime: options.metrics?.runtime ?? true,
    probes: resolveProbes(options.probes),
    spanProcessors: (onError) => [
      ...(options.traces?.spanProcessors ?? []).map((processor) => guard(processor, onError)),
      ...(file === undefined ? [] : [fileSpans(file, { serviceName, onError })]),
    ],
    baggage: resolveBaggage(options.baggage),
    deadlineMs,
    drainDelayMs: whole('shutdown.drainDelayMs', options.shutdown?.drainDelayMs, drainDelayMs, 0, deadlineMs),
    signals: options.shutdown?.signals ?? true,
    environment,
  };
}
