import { withoutGoogleCloud } from './resource.ts';

/** What the standard OpenTelemetry variables ask for, as far as the SDK's own defaults would differ. */
export interface TracingEnvironment {
  /** `OTEL_SDK_DISABLED=true`: nothing of the SDK is loaded. */
  readonly disabled: boolean;
  /** `OTEL_SERVICE_NAME`, or `service.name` of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly serviceName: string | undefined;
  /** An exporter for spans is configured, so the SDK may build it from its own variables. */
  readonly exportsTraces: boolean;
  /** The same for OpenTelemetry metrics. */
  readonly exportsMetrics: boolean;
  /** The same for OpenTelemetry logs. */
  readonly exportsLogs: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** An exporter list that names at least one exporter, and not `none`. */
function names(list: string | undefined): boolean {
  const words = (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return words.length > 0 && !words.includes('none');
}

function serviceName(env: Variables): string | undefined {
  if (env['OTEL_SERVICE_NAME']) return env['OTEL_SERVICE_NAME'];
  const pair = (env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').split(',').find((entry) => entry.trim().startsWith('service.name='));
  return pair?.slice(pair.indexOf('=') + 1).trim() || undefined;
}

/**
 * Reads the variables. The SDK alone would export all three signals to localhost; here spans are exported only when an endpoint or an exporter is
 * named, metrics and logs only when their own variable asks for it, because Prometheus and standard output carry them.
 */
export function readEnvironment(env: Variables): TracingEnvironment {
  const traces = env['OTEL_TRACES_EXPORTER'];
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return {
    disabled: env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true',
    serviceName: serviceName(env),
    exportsTraces: traces ? names(traces) : Boolean(endpoint),
    exportsMetrics: names(env['OTEL_METRICS_EXPORTER']),
    exportsLogs: names(env['OTEL_LOGS_EXPORTER']),
  };
}

/** Sets variables while `run` runs, then puts back what was there; `undefined` leaves a variable alone. */
export function withVariables<T>(env: Record<string, string | undefined>, wanted: Variables, run: () => T): T {
  const before = Object.keys(wanted).map((name) => [name, env[name]] as const);
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) env[name] = value;
  try {
    return run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
  }
}

interface SdkVariables {
  readonly serviceVersion: string | undefined;
  readonly environment: TracingEnvironment;
  readonly env: Variables;
}

/**
 * The variables that the SDK reads while it starts, where it has no option for them. What the user has set always wins.
 * The version joins the resource; the command line, which may hold secrets, stays out of it; no log exporter starts by default.
 */
export function sdkVariables(options: SdkVariables): Variables {
  const { serviceVersion, environment, env } = options;
  const attributes = env['OTEL_RESOURCE_ATTRIBUTES'] ?? '';
  const version =
    serviceVersion === undefined || attributes.includes('service.version=')
      ? []
      : [`service.version=${encodeURIComponent(serviceVersion)}`];
  return {
    OTEL_RESOURCE_ATTRIBUTES: [...(attributes === '' ? [] : [attributes]), ...version].join(','),
    OTEL_NODE_RESOURCE_DETECTORS: withoutGoogleCloud(env['OTEL_NODE_RESOURCE_DETECTORS']) || 'env,host,serviceinstance',
    OTEL_LOGS_EXPORTER: environment.exportsLogs ? undefined : 'none',
  };
}
