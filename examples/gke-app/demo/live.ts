import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosSwitch } from './chaos-switch.ts';
import { receiverSwitches, setReceiver } from './chaos/receiver.ts';
import { trafficSurge, workerKill } from './chaos/services.ts';
import type { DemoSettings } from './settings.ts';
import { nameOf, recordedAlerts, watchAlerts, type RecordedAlert } from './prometheus/alerts.ts';
import type { RunningPrometheus } from './prometheus/start.ts';
import type { CompressedClock } from './slo-clock.ts';
import type { System } from './system.ts';
import { startTraffic, type OnAnswer, type Traffic, type TrafficCounts } from './traffic.ts';

/** The running demo: what one can watch, and what one can break. */
export interface Live {
  readonly system: System;
  readonly traffic: Traffic;
  readonly switches: readonly ChaosSwitch[];
  readonly clock: CompressedClock;
  /** Undefined where there is none. */
  readonly prometheus: RunningPrometheus | undefined;
}

export interface LiveParts extends Omit<Live, 'traffic' | 'switches'> {
  readonly settings: DemoSettings;
  readonly rate: number;
  /** Those of what does not belong to the system, such as the network to Redis. */
  readonly switches: readonly ChaosSwitch[];
  readonly onAnswer?: OnAnswer;
}

/** What became of a run; with `--json` it is printed. */
export interface Summary {
  readonly clock: string;
  readonly seconds: number;
  readonly events: TrafficCounts;
  /** Undefined where there was no Prometheus to evaluate them. */
  readonly alerts: readonly (Pick<RecordedAlert, 'slo' | 'severity' | 'longWindow'> & { readonly firedAt: string })[] | undefined;
}

/** Starts the traffic and gathers everything that can be broken. */
export async function goLive({ settings, rate, switches, onAnswer, ...parts }: LiveParts): Promise<Live> {
  await setReceiver(parts.system, settings.receiver);
  const receiver = receiverSwitches(parts.system, settings.receiver);
  const traffic = startTraffic(parts.system, rate, onAnswer);
  return { ...parts, traffic, switches: [...receiver, ...switches, workerKill(parts.system), trafficSurge(traffic)] };
}

/** Shows what happens until it is told to stop, or until the time is up; then lets what is on its way arrive. */
export async function show(live: Live, say: (line: string) => void, stop: Promise<void>, durationSeconds?: number): Promise<Summary> {
  const { system, traffic, prometheus, clock } = live;
  const startMs = Date.now();
  const progress = setInterval(() => say(traffic.progress()), 1000);
  const silence = prometheus === undefined ? () => {} : watchAlerts(prometheus.url, say);
  system.onChange(() => say(`workers    ${system.workers.map(({ pid }) => `pid ${pid}`).join(', ') || 'none'}`));
  const keyboard = listen(live, say);
  const over = new AbortController();
  const timeUp = durationSeconds === undefined ? never : pause(durationSeconds * 1000, undefined, { signal: over.signal }).catch(() => {});
  try {
    await Promise.race([stop, timeUp, system.broken]);
    if (durationSeconds !== undefined) await Promise.race([stop, arrived(traffic, say), system.broken]);
  } finally {
    over.abort();
    clearInterval(progress);
    silence();
    keyboard.close();
    await traffic.stop();
  }
  const seconds = Math.round((Date.now() - startMs) / 1000);
  const alerts = prometheus && (await recordedAlerts(prometheus.url, startMs, Date.now(), prometheus.evaluateMs).catch(() => undefined));
  // What the workers have in hand is delivered before they end.
  await system.stop();
  say(traffic.progress());
  for (const line of traffic.burn()) say(line);
  for (const alert of alerts ?? []) say(`alert      ${nameOf(alert)} fired after ${Math.round((alert.firedAtMs - startMs) / 1000)} s`);
  const shown = alerts?.map(({ slo, severity, longWindow, firedAtMs }) => ({
    slo,
    severity,
    longWindow,
    firedAt: new Date(firedAtMs).toISOString(),
  }));
  return { clock: clock.note, seconds, events: traffic.counts(), alerts: shown };
}

const never = new Promise<void>(() => {});
const ARRIVE_WITHIN_MS = 15_000;

/** Sends nothing more, and waits until what was accepted has been delivered, for a while. */
async function arrived(traffic: Traffic, say: (line: string) => void): Promise<void> {
  await traffic.stop();
  const until = Date.now() + ARRIVE_WITHIN_MS;
  while (traffic.counts().backlog > 0 && Date.now() < until) await pause(100);
  const { backlog } = traffic.counts();
  if (backlog > 0) say(`${backlog} events still wait; they stay in Redis`);
}

/** A line with the name of a switch breaks it, or mends it. */
function listen({ switches }: Live, say: (line: string) => void): { close(): void } {
  const lines = createInterface({ input: process.stdin });
  const flip = async (id: string) => {
    const one = switches.find((candidate) => candidate.id === id);
    if (one === undefined)
      return say(`no switch is called ${JSON.stringify(id.slice(0, 40))}: ${switches.map((each) => each.id).join(', ')}`);
    const broken = !one.on();
    say(`${broken ? 'broken ' : 'mended '}    ${one.title}${broken ? `. ${one.expect}` : ''}`);
    await one.set(broken).catch((error: Error) => say(`${id}: ${error.message}`));
  };
  lines.on('line', (line) => {
    if (line.trim() !== '') void flip(line.trim());
  });
  return {
    close() {
      lines.close();
      process.stdin.pause();
    },
  };
}
