import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchEvents } from '@nines/slo/backtest';
import type { ChaosSwitch } from '../chaos-switch.ts';
import { recordedAlerts, samples, values } from '../prometheus/alerts.ts';
import type { RunningPrometheus } from '../prometheus/start.ts';
import { startField, type Field, type Tools } from './field.ts';
import { latestSeconds, type Scenario } from './scenario.ts';
import type { Witness } from './witness.ts';

/** When what happened, in milliseconds since 1970. */
export interface Times {
  /** Prometheus has seen every process, all is well. */
  readonly steadyMs: number;
  readonly faultMs: number;
  readonly mendedMs: number;
  readonly endMs: number;
}

/** What an experiment left behind. */
export interface Played {
  readonly times: Times;
  readonly witness: Witness;
  /** Why all was not well before anything was broken, or why it was stopped early; undefined when neither. */
  readonly aborted: string | undefined;
  /** The longest that this process, which is idle, was kept from running: what the machine adds to every answer. */
  readonly stalledMs: number;
}

/** Gets what was played while Prometheus still runs. */
export type Reader<Result> = (played: Played, prometheus: RunningPrometheus) => Promise<Result>;

/**
 * Plays one experiment: warm up, see that all is well, break, watch, mend, let everything arrive. Nothing of it is left when this settles.
 *
 * @param stop - ends it early: then this rejects
 */
export async function play<Result>(
  scenario: Scenario,
  tools: Tools,
  say: (line: string) => void,
  read: Reader<Result>,
  stop: Promise<void>,
): Promise<Result> {
  say(`${scenario.id}: starting Redis, receiver, api and workers`);
  const field = await startField(scenario, tools);
  const progress = setInterval(() => say(`${scenario.id}: ${field.live.traffic.progress()}`), 2000);
  const interrupted = stop.then(() => Promise.reject(new Error('interrupted')));
  try {
    return await Promise.race([steps(scenario, field, { tools, say }, read), field.live.system.broken, interrupted]);
  } finally {
    clearInterval(progress);
    await field.stop();
  }
}

async function steps<Result>(
  scenario: Scenario,
  field: Field,
  { tools, say }: Pick<Stage, 'tools' | 'say'>,
  read: Reader<Result>,
): Promise<Result> {
  const { live, witness } = field;
  await warm(field, scenario);
  const prometheus = await field.startPrometheus();
  const stalls = monitorEventLoopDelay({ resolution: 10 });
  stalls.enable();
  const steadyMs = Date.now();
  const finish = (times: Omit<Times, 'steadyMs' | 'endMs'>, aborted: string | undefined) => {
    stalls.disable();
    const stalledMs = Math.round(stalls.max / 1e6);
    return read({ times: { ...times, steadyMs, endMs: Date.now() }, witness, aborted, stalledMs }, prometheus);
  };
  say(`${scenario.id}: steady state for ${Math.round(scenario.steadySeconds)} s`);
  await pause(scenario.steadySeconds * 1000);
  const broken = await brokenBefore(scenario, field, prometheus, steadyMs);
  const faultMs = Date.now();
  if (broken !== undefined) return finish({ faultMs, mendedMs: faultMs }, `not in steady state: ${broken}`);
  const one = live.switches.find(({ id }) => id === scenario.fault.switch);
  if (one === undefined) throw new Error(`there is no switch ${scenario.fault.switch}`);
  const aborted = await breakAndMend(scenario, one, { field, prometheus, tools, say });
  const mendedMs = Date.now();
  say(`${scenario.id}: mended; waiting until everything has arrived`);
  await recover(field);
  return finish({ faultMs, mendedMs }, aborted);
}

const WARM_SECONDS = 3;
const FAULT_MAX_SECONDS = 30;
const LOOK_EVERY_MS = 100;

async function until(condition: () => boolean, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (!condition() && Date.now() < end) await pause(LOOK_EVERY_MS);
  return condition();
}

/** The first requests of a process are slow: they are not what is measured. */
async function warm({ live: { traffic } }: Field, { rate }: Scenario): Promise<void> {
  if (await until(() => traffic.counts().delivered >= WARM_SECONDS * rate, 60_000)) return;
  throw new Error(`not even ${WARM_SECONDS * rate} events were delivered within a minute: ${traffic.progress()}`);
}

/** What is not well though nothing is broken yet. */
async function brokenBefore(
  { steadyQueries }: Scenario,
  { witness }: Field,
  prometheus: RunningPrometheus,
  steadyMs: number,
): Promise<string | undefined> {
  const alerts = await recordedAlerts(prometheus.url, steadyMs, Date.now(), prometheus.evaluateMs);
  const pages = alerts.filter(({ severity, lastAtMs }) => severity === 'page' && lastAtMs > Date.now() - 3 * prometheus.evaluateMs);
  const bad = (events: readonly { atMs: number; bad: boolean }[]) => events.some((event) => event.bad && event.atMs >= steadyMs);
  if (bad(witness.answers) || bad(witness.attempts)) return 'requests or deliveries fail';
  if (pages.some(({ slo }) => slo !== 'latency')) return `alerts fire: ${pages.map(({ name }) => name).join(', ')}`;
  for (const { what, query, atMost } of steadyQueries) {
    const found = await values(prometheus.url, query);
    if (found.length === 0 || found.some((value) => !(value <= atMost)))
      return `${what}: ${found.join(', ') || 'unknown'}, at most ${atMost}`;
  }
  return undefined;
}

interface Stage {
  readonly field: Field;
  readonly prometheus: RunningPrometheus;
  readonly tools: Tools;
  readonly say: (line: string) => void;
}

/** Breaks, watches until the time is up and the expected alert has fired, and mends whatever happens. Says why it was stopped early, if it was. */
async function breakAndMend(scenario: Scenario, one: ChaosSwitch, stage: Stage): Promise<string | undefined> {
  const { prometheus, say } = stage;
  const { fault, expected, id } = scenario;
  const mostSeconds = Math.max(FAULT_MAX_SECONDS, latestSeconds(scenario, stage.tools.clock.factor) + 10);
  const startMs = Date.now();
  say(`${id}: breaking: ${one.title}`);
  await one.set(true);
  try {
    for (;;) {
      const seconds = (Date.now() - startMs) / 1000;
      const reason = await abortReason(scenario, stage, startMs);
      if (reason !== undefined) return reason;
      const fired = (await recordedAlerts(prometheus.url, startMs, Date.now(), prometheus.evaluateMs)).some(
        ({ name, tier }) => name === expected && tier <= 1,
      );
      if (seconds >= fault.seconds && (expected === 'none' || fired || seconds >= mostSeconds)) return undefined;
      await pause(500);
    }
  } finally {
    if (one.kind === 'switch') await one.set(false);
  }
}

/** Why it must be stopped now. */
async function abortReason(scenario: Scenario, { prometheus: { url }, tools }: Stage, startMs: number): Promise<string | undefined> {
  const dead = await samples(url, 'sum(nines_queue_dead_letters_total) > 0', Date.now());
  if (dead.length > 0) return 'a job was dead-lettered';
  const seconds = Math.max(2, Math.ceil((Date.now() - startMs) / 1000));
  for (const slo of tools.clock.objectives) {
    const { recent } = await fetchEvents(slo, { url, recent: `${seconds}s` });
    // As many bad events as the whole window allows at the usual traffic.
    const allowed = scenario.rate * slo.window.seconds * slo.budget;
    const spent = recent.bad / allowed;
    if (spent > scenario.abortAboveBudget)
      return `${(100 * spent).toFixed(1)} % of the budget of ${slo.name} is gone, more than ${100 * scenario.abortAboveBudget} %`;
  }
  return undefined;
}

const USUAL_AGAIN_SECONDS = 8;
const ARRIVE_WITHIN_MS = 60_000;

/** Lets the usual traffic run on for the alert's short window, then waits until all that was accepted has arrived. */
async function recover({ live: { traffic }, witness }: Field): Promise<void> {
  await pause(USUAL_AGAIN_SECONDS * 1000);
  await traffic.stop();
  const missing = () => [...witness.accepted.keys()].some((id) => !witness.deliveries.has(id));
  await until(() => !missing(), ARRIVE_WITHIN_MS);
}
