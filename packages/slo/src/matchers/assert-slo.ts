import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import type { Samples } from '../samples.ts';
import { judgeSamples, type Judgement, type SampleTestOptions } from './judge.ts';

/**
 * Throws unless samples show that an objective is met: for node:test, and for scripts that run beside k6 or autocannon.
 *
 * @param samples - counts (`{ total, bad }`, `{ good, bad }`, `{ good, total }`) or one boolean for each sample, `true` is good
 * @param slo - the objective
 * @param options - `confidence` (default 95 %), `method` (default `exact`)
 * @returns the verdict, always a pass
 * @throws SloError `OBJECTIVE_MISSED` when they show that it is missed; `INCONCLUSIVE` when they are too few to tell, the message says how many
 * more are needed; `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling, SloError } from '@nines/slo';
 * import { assertSlo } from '@nines/slo/matchers';
 *
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99%', window: rolling('30d') });
 * console.log(assertSlo({ total: 1_000, bad: 2 }, slo).outcome); // pass
 * try {
 *   assertSlo({ total: 100, bad: 0 }, slo);
 * } catch (error) {
 *   if (error instanceof SloError) console.log(error.code); // INCONCLUSIVE
 * }
 * ```
 */
export function assertSlo(samples: Samples, slo: Slo, options: SampleTestOptions = {}): Judgement {
  const judgement = judgeSamples(slo, samples, options);
  if (judgement.outcome === 'pass') return judgement;
  throw new SloError(judgement.outcome === 'fail' ? 'OBJECTIVE_MISSED' : 'INCONCLUSIVE', judgement.message);
}
