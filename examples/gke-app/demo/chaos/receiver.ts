import type { ChaosSwitch } from '../chaos-switch.ts';
import { noFaults, type Faults } from '../faults.ts';
import type { System } from '../system.ts';

interface ReceiverFault {
  readonly id: string;
  readonly title: string;
  readonly expect: string;
  readonly faults: Partial<Faults>;
}

const FAULTS: readonly ReceiverFault[] = [
  {
    id: 'receiver-500',
    title: 'Receiver answers 500',
    expect: 'The breaker opens, deliveries wait in the queue, the delivery alert fires; after mending everything is delivered.',
    faults: { mode: 'status', status: 500 },
  },
  {
    id: 'receiver-slow',
    title: 'Receiver takes a second for each event',
    expect:
      'No delivery fails, but the backlog grows: the freshness alert fires, then the queue is full and the availability alert follows.',
    faults: { latencyMs: 1000 },
  },
  {
    id: 'receiver-429',
    title: 'Receiver answers 429 with Retry-After: 2',
    expect: 'Deliveries come back after the two seconds that the receiver asked for; the delivery alert fires.',
    faults: { mode: 'status', status: 429, retryAfterSeconds: 2 },
  },
  {
    id: 'receiver-hangs',
    title: 'Receiver never answers',
    expect: 'Each attempt runs into its time limit, the breaker opens, the delivery alert fires; the backlog may fill the queue.',
    faults: { mode: 'hang' },
  },
  {
    id: 'receiver-resets',
    title: 'Receiver cuts the connection',
    expect: 'The breaker opens, deliveries wait in the queue, the delivery alert fires; after mending everything is delivered.',
    faults: { mode: 'reset' },
  },
];

/** Tells the receiver how to behave. */
export async function setReceiver({ receiverUrl }: Pick<System, 'receiverUrl'>, faults: Partial<Faults>): Promise<void> {
  const response = await fetch(`${receiverUrl}/__faults`, { method: 'POST', body: JSON.stringify({ ...noFaults, ...faults }) });
  if (response.status !== 200) throw new Error(`the receiver refused ${JSON.stringify(faults)}: ${await response.text()}`);
}

/**
 * What the receiver can do wrong: one thing at a time, so that breaking it in one way ends the other. A `curl` to its `/__faults` is seen, too.
 *
 * @param usual - how it behaves when all is well
 */
export function receiverSwitches(system: System, usual: Partial<Faults>): ChaosSwitch[] {
  let now: Faults = { ...noFaults, ...usual };
  system.receiver.onLine(({ fields }) => {
    if (fields['msg'] === 'faults changed') now = pick(fields);
  });
  const set = async (faults: Partial<Faults>) => {
    await setReceiver(system, { ...usual, ...faults });
    now = { ...noFaults, ...usual, ...faults };
  };
  return FAULTS.map(({ id, title, expect, faults }) => {
    const wanted = { ...noFaults, ...usual, ...faults };
    const on = () => Object.entries(wanted).every(([name, value]) => now[name as keyof Faults] === value);
    return { id, title, expect, kind: 'switch', on, set: async (broken) => (broken ? set(faults) : on() ? set({}) : undefined) };
  });
}

function pick(fields: Readonly<Record<string, unknown>>): Faults {
  return Object.fromEntries(Object.entries(noFaults).map(([name, value]) => [name, fields[name] ?? value])) as unknown as Faults;
}
