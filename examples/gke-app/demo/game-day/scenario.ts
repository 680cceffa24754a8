/** One experiment: what is broken, and what is claimed to follow. All of it is data; `experiment.ts` plays it. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** What the system is claimed to do. */
  readonly claim: string;
  /** Events each second when all is well. */
  readonly rate: number;
  /** Variables of the services, where they differ from the demo's. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long all must be well before anything is broken. */
  readonly steadySeconds: number;
  /** Which switch, and for how long at least; a switch stays on for up to `FAULT_MAX_SECONDS` when the expected alert is late. */
  readonly fault: { readonly switch: string; readonly seconds: number };
  /** The objective whose page must fire, or that nothing may. */
  readonly expected: 'availability' | 'delivery' | 'none';
  /** Objectives that may suffer too, and why that is right. */
  readonly tolerated: Readonly<Record<string, string>>;
  /** When to stop: this share of any objective's error budget is gone. A dead letter stops it always. */
  readonly abortAboveBudget: number;
  /** What people would write under "what we do". */
  readonly lesson: string;
}

export const FAULT_MAX_SECONDS = 30;

/** The order in which they are played. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'receiver-down',
    title: 'The receiver cuts every connection',
    claim:
      'Events are accepted as before and wait in the queue; the breaker keeps the workers from hammering; all are delivered afterwards.',
    rate: 20,
    steadySeconds: 15,
    fault: { switch: 'receiver-resets', seconds: 6 },
    expected: 'delivery',
    tolerated: {},
    abortAboveBudget: 0.25,
    lesson: 'Ask the owner of the destination for a status page to look at before the breaker has to find out',
  },
  {
    id: 'redis-killed',
    title: 'Redis is killed (SIGKILL) and started again',
    claim: 'The api refuses at once instead of hanging, and nothing that it accepted before is lost.',
    rate: 20,
    steadySeconds: 15,
    fault: { switch: 'redis-kill', seconds: 4 },
    expected: 'availability',
    tolerated: {
      latency: 'a refusal may wait for the time limit of its enqueue',
      freshness: 'what was accepted just before waits until Redis is back',
    },
    abortAboveBudget: 0.75,
    lesson: 'Run Redis with a replica that takes over, so that its restart is not an outage of the api',
  },
  {
    id: 'worker-killed',
    title: 'A worker is killed (SIGKILL) under load',
    claim: 'Its jobs go to the other worker when their lease ends, another worker takes its place, and nobody has to be called.',
    rate: 20,
    steadySeconds: 15,
    fault: { switch: 'worker-kill', seconds: 8 },
    expected: 'none',
    tolerated: {},
    abortAboveBudget: 0.25,
    lesson: 'Keep at least two workers, so that one can go at any time',
  },
  {
    id: 'traffic-surge',
    title: 'Five times the traffic, until the queue is full',
    claim: 'The queue takes what it is made for, then the api refuses with 503 and Retry-After; what was accepted is delivered in time.',
    rate: 20,
    // Delivered within the 5 s that are promised, also when it is full.
    env: { MAX_WAITING: '100' },
    steadySeconds: 15,
    fault: { switch: 'traffic-x5', seconds: 8 },
    expected: 'availability',
    tolerated: { freshness: 'a full queue of a slow machine takes longer than the 5 s that are promised' },
    abortAboveBudget: 0.9,
    lesson: 'Let workers scale on the backlog, and give the queue room for the minutes that this takes',
  },
];

/** @throws Error that lists what there is. */
export function chosen(name: string): readonly Scenario[] {
  if (name === 'all') return scenarios;
  const found = scenarios.find(({ id }) => id === name);
  if (found === undefined)
    throw new Error(`no scenario is called ${JSON.stringify(name)}: all, ${scenarios.map(({ id }) => id).join(', ')}`);
  return [found];
}
