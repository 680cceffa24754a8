import { type Context, propagation, type TextMapPropagator } from '@opentelemetry/api';
import { correlationKey } from '../context/correlation-id.ts';
import { refuse, refuseUnknown, text } from '../options.ts';

/** Which baggage leaves the process, and where to. */
export interface BaggageOptions {
  /** Keys that may leave; all others stay. Default `correlation.id`. */
  readonly allow?: readonly string[];
  /**
   * Hosts that are sent baggage over HTTP and `fetch`: whole names, or patterns of them, in lower case and without the port. A carrier that
   * the program fills itself, such as a message of a queue, has no host and takes the allowed keys. Default: no host.
   */
  readonly propagateTo?: readonly (string | RegExp)[];
}

/** {@link BaggageOptions} as they are asked. */
export interface BaggagePolicy {
  readonly allow: ReadonlySet<string>;
  /** Whether a host may be sent baggage. */
  reaches(host: string): boolean;
}

/** Fills the defaults in. */
export function resolveBaggage(options: BaggageOptions = {}): BaggagePolicy {
  refuseUnknown('baggage', options, ['allow', 'propagateTo']);
  const { allow = [correlationKey], propagateTo = [] } = options;
  if (!Array.isArray(allow)) refuse('baggage.allow', 'a list of keys', allow);
  for (const key of allow) text('baggage.allow', key);
  if (!Array.isArray(propagateTo)) refuse('baggage.propagateTo', 'a list of host names and patterns', propagateTo);
  const fits = propagateTo.map((host: unknown): ((name: string) => boolean) => {
    // Without `g` and `y`, which make a pattern remember where it was.
    if (host instanceof RegExp) return (name: string) => name.search(host) !== -1;
    const wanted = text('baggage.propagateTo', host);
    return (name: string) => name === wanted;
  });
  return { allow: new Set(allow), reaches: (host) => fits.some((fit) => fit(host)) };
}

/** Takes out of a context the baggage that may not leave. */
function limited(context: Context, policy: BaggagePolicy, host: string | undefined): Context {
  const baggage = propagation.getBaggage(context);
  if (baggage === undefined) return context;
  const entries = host === undefined || policy.reaches(host) ? baggage.getAllEntries().filter(([key]) => policy.allow.has(key)) : [];
  return entries.length === 0
    ? propagation.deleteBaggage(context)
    : propagation.setBaggage(context, propagation.createBaggage(Object.fromEntries(entries)));
}

/** A propagator that knows where the request goes into which it is asked to write. */
export interface BaggageGate {
  /** The next injection is into a request to this host. The instrumentations of HTTP tell so right before they inject. */
  toward(host: string): void;
  /** Wraps the propagator that is registered. */
  install(): void;
}

/** Lets only allowed baggage leave, over HTTP only to the hosts that may have it. */
export function baggageGate(policy: BaggagePolicy): BaggageGate {
  let next: string | undefined;
  return {
    toward(host) {
      next = host.toLowerCase();
    },
    install() {
      const inner = registeredPropagator();
      if (inner === undefined) return;
      propagation.disable();
      propagation.setGlobalPropagator({
        inject(context, carrier, setter) {
          const host = next;
          next = undefined;
          inner.inject(limited(context, policy, host), carrier, setter);
        },
        extract: (context, carrier, getter) => inner.extract(context, carrier, getter),
        fields: () => inner.fields(),
      });
    },
  };
}

/** The one that the SDK has built from `OTEL_PROPAGATORS`; every copy of the API of one major version shares it here. */
function registeredPropagator(): TextMapPropagator | undefined {
  const shared = (globalThis as Record<symbol, { readonly propagation?: TextMapPropagator } | undefined>)[
    Symbol.for('opentelemetry.js.api.1')
  ];
  return shared?.propagation;
}
