import { defineSlo, rolling, type Slo } from '@nines/slo';
import { availability as month } from '../src/objectives.ts';

/** The promise of the api over half a minute instead of a month, so that a test can live through it. */
export const availability: Slo = defineSlo({
  name: month.name,
  service: month.service,
  objective: month.objective,
  window: rolling('30s'),
  ...(month.sli === undefined ? {} : { sli: month.sli }),
});
