import { peers, type Payload, type PeerName } from './peers.ts';

/**
 * One measured process: `process.ts PEER ACTION URL QUEUE JOBS PARAMETER`. Prints `ready`, then one line of JSON with the moments
 * (milliseconds since 1970) between which the work was done.
 */
export type Action = 'fill' | 'drain' | 'enqueue' | 'bulk' | 'consume';

export interface Measured {
  readonly startMs: number;
  readonly endMs: number;
  /** Processor time of this process during the work, in microseconds. */
  readonly cpuUs: number;
}

const BULK = 1000;

const [, , peerName = '', action = '', url = '', queue = '', jobsText = '', parameterText = ''] = process.argv;
const peer = peers[peerName as PeerName](url, queue);
const jobs = Number(jobsText);
const parameter = Number(parameterText);

const payload = (n: number): Payload => ({ n, text: 'x'.repeat(180) });

async function inBulk(): Promise<void> {
  for (let from = 0; from < jobs; from += BULK) {
    await peer.enqueueMany(Array.from({ length: Math.min(BULK, jobs - from) }, (_, at) => payload(from + at)));
  }
}

async function oneByOne(inFlight: number): Promise<void> {
  let next = 0;
  const sender = async () => {
    while (next < jobs) {
      next += 1;
      await peer.enqueue(payload(next));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
}

async function measure(work: () => Promise<void>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const startMs = Date.now();
  const start = performance.now();
  await work();
  const endMs = startMs + performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { startMs, endMs, cpuUs: user + system };
}

async function run(): Promise<Measured> {
  const ready = () => console.log('ready');
  switch (action as Action) {
    case 'consume':
    case 'drain':
      return measure(() => peer.consume(jobs, parameter, ready));
    case 'enqueue':
      await peer.enqueue(payload(0));
      ready();
      return measure(() => oneByOne(parameter));
    default:
      await peer.enqueue(payload(0));
      ready();
      return measure(inBulk);
  }
}

console.log(JSON.stringify(await run()));
await peer.close();
