import type { Slo } from '@nines/slo';
import { backtest, fetchRecording, type Backtest } from '@nines/slo/backtest';
import { incidentReport, type IncidentReport } from '@nines/slo/report';
import { nameOf, recordedAlerts, type RecordedAlert } from '../prometheus/alerts.ts';
import type { RunningPrometheus } from '../prometheus/start.ts';
import type { CompressedClock } from '../slo-clock.ts';
import { detectionOf, type Detection } from './detection.ts';
import { accountsOf, type Accounts } from './duplicates.ts';
import type { Played } from './experiment.ts';
import { ruleDetection } from './rule-detection.ts';
import { objectiveOf, type Scenario } from './scenario.ts';

/** What an experiment came to. */
export interface Result {
  readonly scenario: Scenario;
  readonly aborted: string | undefined;
  readonly times: Played['times'];
  /** Undefined when no alert was expected. */
  readonly detection: Detection | undefined;
  /** Everything that fired after the fault. */
  readonly alerts: readonly RecordedAlert[];
  /** What fired and should not have. */
  readonly unexpected: readonly string[];
  /** What fired besides, and why that is right. */
  readonly explained: Readonly<Record<string, string>>;
  readonly accounts: Accounts;
  /** The share of each objective's error budget that was spent from the fault until users were well again. */
  readonly budgetSpent: Readonly<Record<string, number>>;
  /** Undefined when it was not even begun. */
  readonly incident: IncidentReport | undefined;
  /** What was claimed and is not so; empty when the experiment confirms the claim. */
  readonly faults: readonly string[];
}

/** What Prometheus and the witness say of an experiment, while Prometheus still runs. */
export async function judge(scenario: Scenario, clock: CompressedClock, played: Played, prometheus: RunningPrometheus): Promise<Result> {
  const { times, aborted } = played;
  const all = await recordedAlerts(prometheus.url, times.steadyMs, times.endMs, prometheus.evaluateMs);
  const alerts = all.filter(({ firedAtMs }) => firedAtMs >= times.faultMs);
  const objective = objectiveOf(scenario.expected, clock.objectives);
  const began = times.mendedMs > times.faultMs;
  const detection =
    !began || scenario.expected === 'none'
      ? undefined
      : objective?.sli?.type === 'ratio'
        ? await detectionOf(objective, played, all, prometheus, clock.factor)
        : ruleDetection(scenario, played, alerts, clock.factor);
  const histories = began ? await recordings(clock.objectives, times, prometheus.url) : new Map<string, Backtest>();
  const { unexpected, explained } = sort(alerts, scenario, played.stalledMs);
  const accounts = accountsOf(played, scenario.fault.switch);
  const reports = new Map(
    [...histories].map(([name, recorded]) => [name, incidentOf(clock, scenario, name, { recorded, played, alerts })]),
  );
  const main = reports.get(objective?.name ?? mostSpent(reports));
  const result = {
    scenario,
    aborted,
    times,
    detection,
    alerts,
    unexpected,
    explained,
    accounts,
    budgetSpent: Object.fromEntries([...reports].map(([name, report]) => [name, report.budgetSpent])),
    incident: main,
  };
  return { ...result, faults: faultsOf(result) };
}

const STEP_MS = 1000;

/** The counters of each objective as Prometheus recorded them. An objective without a single event has none. */
async function recordings(slos: readonly Slo[], times: Played['times'], url: string): Promise<Map<string, Backtest>> {
  const found = new Map<string, Backtest>();
  for (const slo of slos) {
    // A reading at the very moment of the fault, so that what came after it is whole events.
    const fromMs = times.faultMs - Math.floor((times.faultMs - times.steadyMs) / STEP_MS) * STEP_MS;
    const recording = await fetchRecording(slo, { url, fromMs, toMs: times.endMs, step: '1s' });
    found.set(slo.name, backtest(slo, recording));
  }
  return found;
}

/** From so long a stall of the machine on, late answers say nothing of the services. */
const STALL_MS = 50;

function sort(
  alerts: readonly RecordedAlert[],
  { expected, tolerated }: Scenario,
  stalledMs: number,
): Pick<Result, 'unexpected' | 'explained'> {
  const explained: Record<string, string> = {};
  const unexpected: string[] = [];
  for (const alert of alerts) {
    const { slo, tier } = alert;
    const name = nameOf(alert);
    if (alert.name === expected && tier <= 1) continue;
    if (alert.name === expected) explained[name] = 'a slower alert of the same objective, which the inhibit rules keep from being sent';
    else if (tolerated[alert.name] !== undefined) explained[name] = tolerated[alert.name] ?? '';
    else if ((slo === 'latency' || slo === 'freshness') && stalledMs >= STALL_MS)
      explained[name] = `this machine stood still for up to ${stalledMs} ms, as the idle process of the game day saw too`;
    else unexpected.push(name);
  }
  return { unexpected: [...new Set(unexpected)], explained };
}

/** An alert that guards no objective: the post-mortem is about the one that suffered most. */
function mostSpent(reports: ReadonlyMap<string, IncidentReport>): string {
  const [most] = [...reports].toSorted(([, a], [, b]) => b.budgetSpent - a.budgetSpent);
  return most?.[0] ?? '';
}

interface Evidence {
  readonly recorded: Backtest;
  readonly played: Played;
  readonly alerts: readonly RecordedAlert[];
}

function incidentOf(clock: CompressedClock, scenario: Scenario, name: string, { recorded, played, alerts }: Evidence): IncidentReport {
  const { times, witness } = played;
  const slo = clock.objectives.find((one) => one.name === name);
  if (slo === undefined) throw new Error(`there is no objective ${name}`);
  const { history } = recorded;
  const first = history.startSeconds * 1000;
  const last = first + (history.total.length - 1) * history.stepSeconds * 1000;
  const failures = [...witness.answers, ...witness.attempts].filter(({ bad, atMs }) => bad && atMs >= times.faultMs);
  const wellMs = Math.max(times.mendedMs, ...failures.map(({ atMs }) => atMs));
  const startMs = Math.max(first, times.faultMs);
  const endMs = Math.min(last, startMs + Math.ceil((wellMs - startMs) / STEP_MS) * STEP_MS);
  const own = alerts.filter((alert) => alert.slo === name);
  const page = own.find(({ severity }) => severity === 'page');
  // The timeline tells what Prometheus did; what the policy does with the same record stands in a table of its own.
  const { alerting, ...bare } = slo;
  return incidentReport(bare, {
    title: `${scenario.title} (game day)`,
    history,
    startMs,
    endMs,
    ...(page === undefined || page.firedAtMs > endMs ? {} : { detectedMs: page.firedAtMs }),
    ...(alerting === undefined ? {} : { policies: { [alerting.name]: alerting } }),
    timeline: [
      { atMs: times.faultMs, text: `the switch ${scenario.fault.switch} is thrown` },
      ...own.map((alert) => ({ atMs: alert.firedAtMs, text: `${nameOf(alert)} fires` })),
      ...own
        .filter(({ lastAtMs }) => lastAtMs < last - 2 * STEP_MS)
        .map((alert) => ({ atMs: alert.lastAtMs, text: `${nameOf(alert)} fires for the last time` })),
      { atMs: times.mendedMs, text: scenario.fault.switch === 'worker-kill' ? 'the watch ends' : 'the switch is thrown back' },
    ],
  });
}

/** Each claim that does not hold, as a sentence. */
function faultsOf({ scenario, aborted, detection, unexpected, accounts, alerts }: Omit<Result, 'faults'>): string[] {
  const faults: string[] = [];
  if (aborted !== undefined) faults.push(`stopped early: ${aborted}`);
  if (accounts.accepted === 0) faults.push('no event was accepted, so nothing is proven');
  if (accounts.lost.length > 0) faults.push(`${accounts.lost.length} accepted events were never delivered: ${some(accounts.lost)}`);
  if (accounts.unexplained.length > 0)
    faults.push(`${accounts.unexplained.length} deliveries have no explanation: ${some(accounts.unexplained)}`);
  if (unexpected.length > 0) faults.push(`alerts fired that should not have: ${unexpected.join(', ')}`);
  if (detection !== undefined && !detection.inTime) {
    const { measuredSeconds: measured, computedSeconds: computed, latestSeconds: latest } = detection;
    const shown = (seconds: number | null) => (seconds === null ? 'never' : `${seconds.toFixed(1)} s`);
    faults.push(`${detection.alert} fired after ${shown(measured)}; computed ${shown(computed)}, at the latest ${shown(latest)}`);
  }
  if (scenario.expected === 'none' && alerts.some(({ severity, slo }) => severity === 'page' && slo === 'delivery'))
    faults.push('a page of delivery fired, and nobody should have been called');
  return faults;
}

function some(ids: readonly string[]): string {
  return `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}`;
}
