import { setTimeout as wait } from 'node:timers/promises';
import { ended, queueName, start } from '../child.ts';
import { readCounters } from '../counters.ts';
import type { Scenario } from '../scenario.ts';

const QUEUES = 20;
const SECONDS = 40;

/** A process with a producer and a consumer of each of twenty queues, after each has had a job. */
export const idleScenarios: readonly Scenario[] = [
  {
    name: '20 idle queues in a process',
    peers: ['nines', 'bullmq'],
    together: true,
    metrics: [
      { key: 'commands', what: 'commands a minute', better: 'less', goal: { of: 'ratio', must: 1 / 10 } },
      { key: 'connections', what: 'connections', better: 'less', goal: { of: 'value', must: 3 } },
    ],
    async run(peer, { url, admin, quick }) {
      const before = await readCounters(admin);
      const worker = start(peer, { url, queue: queueName(), action: 'idle', jobs: QUEUES, concurrency: 16 });
      await worker.ready;
      const seconds = quick ? 5 : SECONDS;
      await wait(seconds * 250);
      const first = await readCounters(admin);
      await wait(seconds * 1000);
      const last = await readCounters(admin);
      await ended(worker, 'SIGKILL');
      // The two looks are two commands each, of which three fall between them.
      return { commands: ((last.commands - first.commands - 3) * 60) / seconds, connections: last.clients - before.clients };
    },
  },
];
