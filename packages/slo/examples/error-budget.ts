/**
 * How much of the month's error budget is gone, and how long the rest lasts.
 * Run: node --conditions=@nines/source packages/slo/examples/error-budget.ts
 */
import { allowedDowntime, budgetRemaining, burnRate, defineSlo, errorBudget, rolling, timeToExhaustion } from '@nines/slo';

const availability = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
const month = { total: 1_000_000, bad: 400 };
const lastHour = { total: 2_000, bad: 10 };

console.log('allowed downtime, minutes:', allowedDowntime(availability) / 60);
console.log('budget of the month, in requests:', errorBudget(availability, month));
console.log('burn rate of the last hour:', burnRate(availability, lastHour));

const remaining = budgetRemaining(availability, month);
console.log('days until the rest is gone, at that rate:', timeToExhaustion(availability, { ...lastHour, remaining }) / 86_400);
