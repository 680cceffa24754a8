import { nameOf, type RecordedAlert } from '../prometheus/alerts.ts';
import type { Detection } from './detection.ts';
import type { Played } from './experiment.ts';
import { latestSeconds, type Scenario } from './scenario.ts';

/** An alert whose events nobody but Prometheus counts: it is in time when it is not later than the experiment says. */
export function ruleDetection(scenario: Scenario, { times }: Played, alerts: readonly RecordedAlert[], factor: number): Detection {
  const fired = alerts.find(({ name, tier, firedAtMs }) => name === scenario.expected && tier <= 1 && firedAtMs >= times.faultMs);
  const measuredSeconds = fired === undefined ? null : (fired.firedAtMs - times.faultMs) / 1000;
  const latest = latestSeconds(scenario, factor);
  return {
    alert: fired === undefined ? scenario.expected : nameOf(fired),
    measuredSeconds,
    computedSeconds: null,
    firstFailureSeconds: null,
    errorRatio: 0,
    formulaSeconds: null,
    trueClockSeconds: scenario.within.seconds,
    evaluationSeconds: 0,
    scrapeSeconds: 0,
    newSeries: false,
    latestSeconds: latest,
    inTime: measuredSeconds !== null && measuredSeconds <= latest,
  };
}
