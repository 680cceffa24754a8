import { defineSlo, googleSre, rolling, sli, type AlertWindow, type Sli, type Slo } from '@nines/slo';
import type { Layout } from '@nines/slo/prometheus';

/** Random numbers from 0 to 1, always the same for a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An objective and the layout of its rules. */
export interface RuleCase {
  readonly slo: Slo;
  readonly layout: Layout;
}

const indicators: readonly Sli[] = [
  sli.ratio({ bad: 'requests_total{route="/process",code=~"5..|429"}', total: 'requests_total{route="/process"}' }),
  sli.ratio({ bad: 'failures_total{queue!="test",kind=~"retried|dead.*"}', total: 'attempts_total{queue!="test"}' }),
  sli.latency({ histogram: 'duration_seconds{route="/process",method=~"POST|PUT"}', threshold: '0.25' }),
  sli.latency({ histogram: 'wait_seconds{queue="deliveries"}', threshold: 5 }),
  sli.raw({ bad: 'sum(increase(errors_total{app="a"}[$window]))', total: 'sum(increase(calls_total{app="a"}[$window]))' }),
];

/** Random objectives with short windows, so that promtool is quick: any target, any number of alerts, waits, both layouts. */
export function ruleCase(random: () => number, index: number): RuleCase {
  const pick = <Value>(list: readonly Value[]): Value => list[Math.floor(random() * list.length)] as Value;
  const nines = 0.5 + 4.5 * random();
  const objective = `${Number((100 * (1 - 10 ** -nines * 0.5 ** (1 / nines))).toPrecision(3 + Math.round(nines)))}%`;
  const budget = 1 - Number.parseFloat(objective) / 100;
  const hours = pick([8, 12, 24, 48]);
  const windows = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, at): AlertWindow => {
    const long = pick([1_800, 3_600, 5_400, 7_200]) * (at + 1);
    const threshold = Math.min(0.6, budget * (0.5 + 13.9 * random()));
    return {
      severity: pick(['page', 'ticket']),
      longWindow: `${long}s`,
      shortWindow: `${Math.round(long / pick([4, 6, 12]))}s`,
      factor: Number((threshold / budget).toPrecision(4)),
      ...(random() < 0.4 ? { for: pick(['1m', '2m', '15m']) } : {}),
    };
  });
  return {
    slo: defineSlo({
      name: `case-${index}`,
      service: 'api',
      objective,
      window: rolling(`${hours}h`),
      sli: pick(indicators),
      alerting: googleSre({ windows }),
    }),
    layout: random() < 0.7 ? 'robust' : 'sloth',
  };
}
