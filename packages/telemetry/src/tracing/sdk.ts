import { createRequire, syncBuiltinESMExports } from 'node:module';
import { context, diag, logs, metrics, propagation, trace } from '@opentelemetry/api';
import type { HttpInstrumentation, HttpInstrumentationConfig } from '@opentelemetry/instrumentation-http';
import type { UndiciInstrumentation, UndiciInstrumentationConfig } from '@opentelemetry/instrumentation-undici';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import { baggageGate, type BaggageGate, type BaggagePolicy } from './baggage.ts';
import { sdkVariables, type TracingEnvironment, withVariables } from './environment.ts';
import { fetchWithoutQuery, hostOf, incomingWithoutQuery, outgoingWithoutQuery } from './query.ts';
import { traceRedisChannels } from './redis-channel.ts';
import { patchRedis } from './redis-patch.ts';
import { googleCloudResource } from './resource.ts';
import type { SpanProcessor } from './span.ts';
import { teeSpans } from './tee.ts';

/** What the tracing SDK needs to start. */
export interface TracingOptions {
  readonly serviceName: string;
  readonly serviceVersion: string | undefined;
  readonly environment: TracingEnvironment;
  /** The variables themselves; the SDK reads them while it starts. */
  readonly env: Record<string, string | undefined>;
  readonly spanProcessors: readonly SpanProcessor[];
  readonly baggage: BaggagePolicy;
  /** Whether a request came in on a port that is not to be traced. */
  readonly untraced: (localPort: number | undefined) => boolean;
}

/** The running SDK. */
export interface Tracing {
  /** Exports what is waiting and gives the globals back; rejects, with that done, when spans were lost. */
  shutdown(): Promise<void>;
}

/** Keeps spans recording, so that logs carry ids and context travels on, when nothing exports them. */
const discard: SpanProcessor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/**
 * Applies the patches of the instrumentations to modules that ES modules import or have imported already:
 * requiring a built-in runs the patch on its one CommonJS object, and syncing copies the new functions into every live ESM binding.
 */
function patchBuiltins(): void {
  const require = createRequire(process.execPath);
  require('node:http');
  require('node:https');
  syncBuiltinESMExports();
}

/** The SDK's exporters of each signal: only those that the environment asks for. */
function exporters(environment: TracingEnvironment, spanProcessors: readonly SpanProcessor[]): Partial<NodeSDKConfiguration> {
  return {
    ...(environment.exportsTraces ? {} : { spanProcessors: spanProcessors.length > 0 ? [...spanProcessors] : [discard] }),
    ...(environment.exportsMetrics ? {} : { metricReaders: [] }),
  };
}

interface Patches {
  readonly http: HttpInstrumentation;
  readonly undici: UndiciInstrumentation;
}

/** The instrumentations of this process, kept for a second start: a built-in module passes the hook that patches it only once. */
let patches: Patches | undefined;

/** Patches `node:http` and `node:https` and listens to `fetch`. */
async function instrument(untraced: TracingOptions['untraced'], gate: BaggageGate): Promise<Patches> {
  const [{ HttpInstrumentation }, { UndiciInstrumentation }] = await Promise.all([
    import('@opentelemetry/instrumentation-http'),
    import('@opentelemetry/instrumentation-undici'),
  ]);
  const config: HttpInstrumentationConfig = {
    ignoreIncomingRequestHook: (request) => untraced(request.socket.localPort),
    startIncomingSpanHook: (request) => incomingWithoutQuery(request.url),
    startOutgoingSpanHook(request) {
      gate.toward(hostOf(request));
      return outgoingWithoutQuery(request);
    },
  };
  const fetchConfig: UndiciInstrumentationConfig = {
    startSpanHook(request) {
      gate.toward(new URL(request.origin).hostname);
      return fetchWithoutQuery(request);
    },
  };
  patches ??= { http: new HttpInstrumentation(config), undici: new UndiciInstrumentation(fetchConfig) };
  patches.http.setConfig(config);
  patches.undici.setConfig(fetchConfig);
  patches.http.enable();
  patches.undici.enable();
  return patches;
}

/** Loads the SDK and starts it. The imports are literal, so that a bundler sees them, and here, so that "off" costs nothing. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { environment, spanProcessors } = options;
  const gate = baggageGate(options.baggage);
  const [{ NodeSDK }, { http, undici }, resource] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    instrument(options.untraced, gate),
    googleCloudResource(options.env['OTEL_NODE_RESOURCE_DETECTORS']),
  ]);
  const sdk = withVariables(options.env, sdkVariables(options), () => {
    const created = new NodeSDK({
      serviceName: options.serviceName,
      ...(resource === undefined ? {} : { resource }),
      instrumentations: [http, undici],
      ...exporters(environment, spanProcessors),
    });
    created.start();
    return created;
  });
  gate.install();
  const beside = environment.exportsTraces ? spanProcessors : [];
  if (beside.length > 0) teeSpans(beside);
  patchBuiltins();
  const untraceRedis = [traceRedisChannels(), patchRedis(process.argv[1])];
  return {
    async shutdown() {
      const results = await Promise.allSettled([sdk.shutdown(), ...beside.map((processor) => processor.shutdown())]);
      for (const untrace of untraceRedis) untrace();
      http.disable();
      undici.disable();
      syncBuiltinESMExports();
      for (const api of [trace, context, propagation, metrics, logs, diag]) api.disable();
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}
