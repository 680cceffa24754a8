/**
 * A user's journey needs the catalogue and the payment: two ways to make one objective of both.
 * Run: node --conditions=@nines/source packages/slo/examples/composite-journey.ts
 */
import { budgetConsumed, composite, defineSlo, rolling } from '@nines/slo';

const objective = { service: 'shop', objective: '99%', window: rolling('30d') } as const;
const journey = defineSlo({ ...objective, name: 'journey' });
const parts = [
  { slo: defineSlo({ ...objective, name: 'catalogue' }), slices: Array.from({ length: 100 }, () => ({ total: 990, bad: 1 })) },
  {
    slo: defineSlo({ ...objective, name: 'payment' }),
    slices: Array.from({ length: 100 }, (_, hour) => ({ total: 10, bad: hour < 2 ? 10 : 0 })),
  },
];

for (const method of ['occurrences', 'timeslices'] as const) {
  const events = composite(parts, { method });
  console.log(method, events, 'budget consumed:', budgetConsumed(journey, events));
}
