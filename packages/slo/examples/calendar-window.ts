/**
 * How long March is in Berlin, and how much of its budget is left at noon of the 15th.
 * Run: node --conditions=@nines/source packages/slo/examples/calendar-window.ts
 */
import { allowedDowntime, budgetRemaining, calendar, defineSlo, windowAt } from '@nines/slo';

const window = calendar({ unit: 'month', timeZone: 'Europe/Berlin' });
const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window });
const atMs = Date.UTC(2026, 2, 15, 11);

const { startMs, endMs, seconds, elapsed } = windowAt(window, atMs);
console.log('starts', new Date(startMs).toISOString(), 'ends', new Date(endMs).toISOString());
console.log('hours:', seconds / 3_600, 'passed:', elapsed.toFixed(3));
console.log('allowed downtime, seconds:', allowedDowntime(slo, { atMs }));
console.log('left after an outage of half an hour:', budgetRemaining(slo, { errorRatio: 1, over: '30m', atMs }).toFixed(3));
