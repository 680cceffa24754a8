import { context, propagation } from '@opentelemetry/api';
import { CRITICALITIES, type Criticality } from '@nines/resilience';

/** Name of the baggage entry that carries a criticality. */
export const CRITICALITY_BAGGAGE = 'nines.criticality';

/**
 * Runs the function with the criticality in the baggage of OpenTelemetry: whatever it begins sees it by
 * {@link activeCriticality}, and so does the next hop, over whatever a propagator of baggage spans.
 *
 * It needs the context manager of an OpenTelemetry SDK; without one nothing is carried.
 *
 * @example
 * ```ts
 * import { pipeline } from '@nines/resilience';
 * import { activeCriticality, withCriticality } from '@nines/resilience/otel';
 *
 * const inventory = pipeline('inventory', []);
 * const ask = () => inventory.execute((ctx) => ctx.criticality, { criticality: activeCriticality() });
 * console.log(await withCriticality('sheddable', ask)); // critical
 * // With an SDK it is sheddable.
 * ```
 */
export function withCriticality<T>(criticality: Criticality, run: () => T): T {
  const baggage = propagation.getActiveBaggage() ?? propagation.createBaggage();
  const carried = baggage.setEntry(CRITICALITY_BAGGAGE, { value: criticality });
  return context.with(propagation.setBaggage(context.active(), carried), run);
}

/** The criticality in the baggage that is active here; undefined when there is none, or a word that is none. */
export function activeCriticality(): Criticality | undefined {
  const value = propagation.getActiveBaggage()?.getEntry(CRITICALITY_BAGGAGE)?.value;
  return CRITICALITIES.find((level) => level === value);
}
