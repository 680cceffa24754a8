import type { Child, LogLine } from '../child.ts';
import type { System } from '../system.ts';
import type { OnAnswer } from '../traffic.ts';

/** Something that counts for an objective, at the moment at which it happened. */
export interface Event {
  readonly atMs: number;
  readonly bad: boolean;
  /** The process that counts it: its id. */
  readonly pid: number;
}

/** What senders, workers and receiver saw, each for itself: what Prometheus and the queue say is compared with this. */
export interface Witness {
  /** For the sender: give it to the traffic. */
  readonly onAnswer: OnAnswer;
  /** Follows every process, those that come later too. */
  follow(system: System): void;
  /** Answers of the api by its own log, whose clock no queue before the sender distorts; bad are those with 5xx. */
  readonly answers: readonly Event[];
  /** Attempts of the workers; bad are those that failed. */
  readonly attempts: readonly Event[];
  /** When each event was accepted, by id. */
  readonly accepted: ReadonlyMap<string, number>;
  /** When each event was taken by the receiver, by id; more than once for a duplicate. */
  readonly deliveries: ReadonlyMap<string, readonly number[]>;
  /** When attempts of a job failed, by id. */
  readonly failures: ReadonlyMap<string, readonly number[]>;
  /** Refusals and requests without an answer. */
  refused(): number;
}

/** An experiment takes a minute or two at some dozens of events a second; what goes beyond is a mistake. */
const EVENTS_MAX = 200_000;

export function startWitness(): Witness {
  const [answers, attempts]: [Event[], Event[]] = [[], []];
  const accepted = new Map<string, number>();
  const deliveries = new Map<string, number[]>();
  const failures = new Map<string, number[]>();
  const followed = new Set<Child>();
  let refused = 0;

  const add = (list: Event[], event: Event) => {
    if (list.push(event) > EVENTS_MAX) throw new Error(`an experiment may have at most ${EVENTS_MAX} events`);
  };
  const note = (map: Map<string, number[]>, id: string, atMs: number) => void map.set(id, [...(map.get(id) ?? []), atMs]);
  const worker = ({ fields }: LogLine, pid: number) => {
    const good = fields['msg'] === 'delivered';
    if (!good && fields['msg'] !== 'not delivered') return;
    add(attempts, { atMs: timeOf(fields), bad: !good, pid });
    if (!good) note(failures, String(fields['jobId']), timeOf(fields));
  };
  const api = ({ fields }: LogLine, pid: number) => {
    const bad = fields['msg'] === 'request failed';
    if (bad || fields['msg'] === 'accepted') add(answers, { atMs: timeOf(fields), bad, pid });
  };
  const received = ({ fields }: LogLine) => {
    if (fields['msg'] === 'received' && fields['answer'] === 204) note(deliveries, String(fields['jobId']), timeOf(fields));
  };
  return {
    answers,
    attempts,
    accepted,
    deliveries,
    failures,
    refused: () => refused,
    onAnswer({ id, atMs }) {
      if (id === undefined) refused += 1;
      else accepted.set(id, atMs);
    },
    follow(system) {
      const followNew = () => {
        for (const child of system.processes()) {
          if (followed.has(child)) continue;
          followed.add(child);
          const read = { receiver: received, api }[child.name] ?? worker;
          const listener = (line: LogLine) => read(line, child.pid);
          for (const line of child.lines) listener(line);
          child.onLine(listener);
        }
      };
      followNew();
      system.onChange(followNew);
    },
  };
}

/** When the process wrote the line, by the clock of this machine, which all of them share. */
function timeOf(fields: Readonly<Record<string, unknown>>): number {
  const time = fields['time'];
  const atMs = typeof time === 'number' ? time : Date.parse(String(time));
  return Number.isFinite(atMs) ? atMs : Date.now();
}
