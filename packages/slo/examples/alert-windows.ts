/**
 * The workbook's four alerts for one objective: the threshold of each, whether it can fire, and how fast it does in a total outage.
 * Run: node --conditions=@nines/source packages/slo/examples/alert-windows.ts
 */
import { burnRateFactor, defineSlo, detectionTime, errorRatioThreshold, isReachable, resetTime, rolling } from '@nines/slo';

const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });

const alerts = [
  { budget: '2%', longWindow: '1h', shortWindow: '5m' },
  { budget: '5%', longWindow: '6h', shortWindow: '30m' },
  { budget: '10%', longWindow: '1d', shortWindow: '2h' },
  { budget: '10%', longWindow: '3d', shortWindow: '6h' },
];

for (const { budget, longWindow, shortWindow } of alerts) {
  const factor = burnRateFactor({ budget, longWindow, period: slo.window.duration });
  const outage = { errorRatio: 1, factor };
  console.log(`${budget} of the budget in ${longWindow}:`, {
    factor,
    threshold: errorRatioThreshold(slo, { factor }),
    reachable: isReachable(slo, { factor }),
    detectionSeconds: detectionTime(slo, { ...outage, longWindow }),
    resetSeconds: resetTime(slo, { ...outage, shortWindow }),
  });
}
