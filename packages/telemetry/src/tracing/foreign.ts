/** What every copy of the OpenTelemetry API of one major version shares. */
interface SharedApi {
  readonly version?: string;
  readonly trace?: { readonly getDelegate?: () => object };
}

/**
 * Names the tracer provider that somebody else has registered (auto-instrumentation, a vendor's SDK, another copy of the API); undefined
 * when there is none. A second SDK beside it would see nothing or double every span.
 */
export function foreignProvider(): string | undefined {
  const shared = (globalThis as Record<symbol, SharedApi | undefined>)[Symbol.for('opentelemetry.js.api.1')];
  const registered = shared?.trace;
  if (registered === undefined) return undefined;
  const provider = registered.getDelegate?.() ?? registered;
  return `${provider.constructor.name} (of @opentelemetry/api ${shared?.version ?? 'unknown'})`;
}
