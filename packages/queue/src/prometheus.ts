import type { QueueMetrics } from '@nines/queue';
import { counter, gauge, histogram, type MetricRegistry } from '@nines/resilience/prometheus';

export type { MetricRegistry } from '@nines/resilience/prometheus';

const PROCESS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const SEND_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const WAIT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/**
 * Counts what queues do on a Prometheus registry of yours (prom-client's or @prometheus-io/client's); hand the result to
 * producers and consumers as `metrics`. No scrape ever waits for Redis: depth and age are polled in the background, and
 * their series disappear while Redis does not answer, so that no stale figure is shown. See docs/metrics.md.
 *
 * @example
 * ```ts
 * import { createProducer, defineQueue } from '@nines/queue';
 * import { prometheus } from '@nines/queue/prometheus';
 * import { memoryStore } from '@nines/queue/testing';
 * import { Registry } from 'prom-client';
 *
 * const registry = new Registry();
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * await using producer = createProducer(orders, { store: memoryStore(), metrics: prometheus(registry) });
 * await producer.enqueue({ sku: 'A-1' });
 * console.log((await registry.metrics()).includes('messaging_client_sent_messages_total')); // true
 * ```
 */
export function prometheus(registry: MetricRegistry): QueueMetrics {
  const destination = 'messaging_destination_name';
  const sent = counter(registry, {
    name: 'messaging_client_sent_messages_total',
    help: 'Jobs sent to a queue.',
    labels: [destination, 'error_type'],
  });
  const consumed = counter(registry, {
    name: 'messaging_client_consumed_messages_total',
    help: 'Jobs claimed from a queue.',
    labels: [destination],
  });
  const sendSeconds = histogram(registry, {
    name: 'messaging_client_operation_duration_seconds',
    help: 'Duration of sending jobs to Redis.',
    labels: [destination, 'messaging_operation_name'],
    buckets: SEND_BUCKETS,
  });
  const processSeconds = histogram(registry, {
    name: 'messaging_process_duration_seconds',
    help: 'Duration of one attempt.',
    labels: [destination],
    buckets: PROCESS_BUCKETS,
  });
  const waitSeconds = histogram(registry, {
    name: 'nines_queue_wait_duration_seconds',
    help: 'Time from enqueue to the first attempt.',
    labels: ['queue'],
    buckets: WAIT_BUCKETS,
  });
  const attempts = counter(registry, { name: 'nines_queue_attempts_total', help: 'Attempts by outcome.', labels: ['queue', 'outcome'] });
  const deadLetters = counter(registry, {
    name: 'nines_queue_dead_letters_total',
    help: 'Jobs dead-lettered.',
    labels: ['queue', 'reason'],
  });
  const leaseLosses = counter(registry, {
    name: 'nines_queue_lease_losses_total',
    help: 'Jobs whose lease this process lost.',
    labels: ['queue'],
  });
  const leasesAtRisk = counter(registry, {
    name: 'nines_queue_leases_at_risk_total',
    help: 'Times that a blocked event loop put the leases of this process at risk.',
    labels: ['queue'],
  });
  const depth = depthGauges(registry);

  return {
    sent(queue, jobs, seconds, errorCode) {
      sent.inc({ [destination]: queue, error_type: errorCode ?? '' }, jobs);
      sendSeconds.observe({ [destination]: queue, messaging_operation_name: 'send' }, seconds);
    },
    claimed: (queue, jobs) => consumed.inc({ [destination]: queue }, jobs),
    waited: (queue, seconds) => waitSeconds.observe({ queue }, seconds),
    attempted(queue, outcome, seconds) {
      processSeconds.observe({ [destination]: queue }, seconds);
      attempts.inc({ queue, outcome });
    },
    deadLettered: (queue, reason, jobs) => deadLetters.inc({ queue, reason }, jobs),
    leasesLost: (queue, jobs) => leaseLosses.inc({ queue }, jobs),
    leaseAtRisk: (queue) => leasesAtRisk.inc({ queue }, 1),
    depth,
  };
}

function depthGauges(registry: MetricRegistry): QueueMetrics['depth'] {
  const states = ['waiting', 'delayed', 'active', 'completed', 'dead'] as const;
  const jobs = gauge(registry, { name: 'nines_queue_jobs', help: 'Jobs in each state.', labels: ['queue', 'state'] });
  const oldest = gauge(registry, {
    name: 'nines_queue_oldest_age_seconds',
    help: 'Age of the job at the head of the queue.',
    labels: ['queue'],
  });
  const backlog = gauge(registry, {
    name: 'nines_queue_backlog',
    help: 'Jobs that need a worker: waiting, due and active.',
    labels: ['queue'],
  });
  return (queue, counts) => {
    if (counts === undefined) {
      for (const state of states) jobs.remove({ queue, state });
      oldest.remove({ queue });
      backlog.remove({ queue });
      return;
    }
    for (const state of states) jobs.set({ queue, state }, counts[state]);
    oldest.set({ queue }, counts.oldestAgeMs / 1000);
    backlog.set({ queue }, counts.waiting + counts.due + counts.active);
  };
}
