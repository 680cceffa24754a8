import { createRequire, syncBuiltinESMExports } from 'node:module';
import { context, diag, logs, metrics, propagation, trace } from '@opentelemetry/api';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import { sdkVariables, type TracingEnvironment, withVariables } from './environment.ts';
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
  /** Whether a request came in on a port that is not to be traced. */
  readonly untraced: (localPort: number | undefined) => boolean;
}

/** The running SDK. */
export interface Tracing {
  /** Exports what is waiting and gives the globals back. */
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

/** Loads the SDK and starts it. The imports are literal, so that a bundler sees them, and here, so that "off" costs nothing. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { environment, spanProcessors } = options;
  const [{ NodeSDK }, { HttpInstrumentation }, { UndiciInstrumentation }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/instrumentation-http'),
    import('@opentelemetry/instrumentation-undici'),
  ]);
  const instrumentations = [
    new HttpInstrumentation({ ignoreIncomingRequestHook: (request) => options.untraced(request.socket.localPort) }),
    new UndiciInstrumentation(),
  ];
  const sdk = withVariables(options.env, sdkVariables(options), () => {
    const created = new NodeSDK({ serviceName: options.serviceName, instrumentations, ...exporters(environment, spanProcessors) });
    created.start();
    return created;
  });
  if (environment.exportsTraces && spanProcessors.length > 0) teeSpans(spanProcessors);
  patchBuiltins();
  return {
    async shutdown() {
      await Promise.allSettled([
        sdk.shutdown(),
        ...(environment.exportsTraces ? spanProcessors.map((processor) => processor.shutdown()) : []),
      ]);
      for (const instrumentation of instrumentations) instrumentation.disable();
      for (const api of [trace, context, propagation, metrics, logs, diag]) api.disable();
    },
  };
}
