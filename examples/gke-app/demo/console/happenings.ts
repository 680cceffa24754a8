import type { AlertView, Happening, ProcessView, SwitchView } from './protocol.ts';

const KEPT_MAX = 60;

/** What one look at the system showed, as far as the log is about it. */
export interface Seen {
  readonly atMs: number;
  readonly redis: boolean;
  readonly processes: readonly ProcessView[];
  /** Undefined when nobody could be asked. */
  readonly alerts: readonly AlertView[] | undefined;
  readonly switches: readonly SwitchView[];
}

type State = string | undefined;

/** The log: every look is compared with the one before, and what differs has happened. */
export class Happenings {
  readonly #kept: Happening[] = [];
  readonly #states = new Map<string, State>();
  #number = 0;
  #first = true;

  /** The newest first. */
  get latest(): readonly Happening[] {
    return this.#kept.toReversed();
  }

  add(atMs: number, kind: Happening['kind'], bad: boolean, text: string): void {
    this.#number += 1;
    this.#kept.push({ number: this.#number, atMs, kind, bad, text });
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
  }

  compare(seen: Seen): void {
    this.switches(seen.atMs, seen.switches);
    this.#redis(seen);
    this.#processes(seen);
    if (seen.alerts !== undefined) this.#alerts(seen.atMs, seen.alerts);
    this.#first = false;
  }

  /** Also called right after a click, so that the log does not wait for the next look. */
  switches(atMs: number, switches: readonly SwitchView[]): void {
    for (const { id, title, kind, on } of switches) {
      if (kind === 'pulse' || !this.#changed(`switch ${id}`, on ? 'on' : 'off')) continue;
      if (on || !this.#first) this.add(atMs, 'switch', on, on ? `Switched on: ${title}` : `Switched off: ${title}`);
    }
  }

  #redis({ atMs, redis }: Seen): void {
    if (!this.#changed('redis', String(redis)) || (this.#first && redis)) return;
    this.add(atMs, 'redis', !redis, redis ? 'Redis answers again' : 'Redis does not answer');
  }

  #processes({ atMs, processes }: Seen): void {
    for (const { name, pid, up, breakers } of processes) {
      const process = `${name} ${pid}`;
      if (this.#changed(process, String(up)) && !(this.#first && up)) {
        this.add(atMs, 'process', !up, up ? `${process} answers` : `${process} does not answer`);
      }
      for (const { destination, state } of breakers) {
        const calm = state === 'closed' && !this.#states.has(`breaker ${pid} ${destination}`);
        if (!this.#changed(`breaker ${pid} ${destination}`, state) || calm) continue;
        this.add(atMs, 'breaker', state === 'open' || state === 'isolated', `Breaker of ${destination} in ${process}: ${state}`);
      }
    }
    this.#gone(atMs, processes);
  }

  /** Who is not listed any more has ended. */
  #gone(atMs: number, processes: readonly ProcessView[]): void {
    const listed = new Set(processes.map(({ name, pid }) => `${name} ${pid}`));
    for (const known of this.#states.keys()) {
      if (!/^[a-z]+ \d+$/.test(known) || listed.has(known)) continue;
      this.#states.delete(known);
      const pid = known.slice(known.indexOf(' ') + 1);
      for (const other of this.#states.keys()) if (other.startsWith(`breaker ${pid} `)) this.#states.delete(other);
      this.add(atMs, 'process', true, `${known} is gone`);
    }
  }

  #alerts(atMs: number, alerts: readonly AlertView[]): void {
    const firing = new Map(alerts.filter(({ state }) => state === 'firing').map((alert) => [`alert ${alert.name} ${alert.tier}`, alert]));
    for (const [key, { name, severity }] of firing) {
      if (this.#changed(key, 'firing')) this.add(atMs, 'alert', true, `${name} fires (${severity})`);
    }
    for (const known of this.#states.keys()) {
      if (!known.startsWith('alert ') || firing.has(known)) continue;
      this.#states.delete(known);
      this.add(atMs, 'alert', false, `${known.split(' ')[1] ?? ''} resolved`);
    }
  }

  #changed(what: string, state: State): boolean {
    const before = this.#states.get(what);
    this.#states.set(what, state);
    return before !== state;
  }
}
