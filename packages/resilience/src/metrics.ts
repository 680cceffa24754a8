import type { BreakerState, Observer, PipelineEvent, PipelineView, PolicySnapshot } from '@nines/resilience';
import { type Counter, counter, gauge, type Gauge, type GaugeSample, histogram, type Histogram } from './instruments.ts';
import type { MetricRegistry } from './registry.ts';

interface Instruments {
  readonly calls: Counter<'pipeline' | 'outcome'>;
  readonly duration: Histogram<'pipeline'>;
  readonly attempts: Counter<'pipeline' | 'kind' | 'outcome'>;
  readonly rejections: Counter<'pipeline' | 'policy' | 'reason'>;
  readonly transitions: Counter<'pipeline' | 'from' | 'to'>;
}

const STATES: readonly BreakerState[] = ['closed', 'open', 'half_open', 'isolated'];

function instrumentsOn(registry: MetricRegistry): Instruments {
  return {
    calls: counter(registry, {
      name: 'resilience_calls_total',
      help: 'Calls that ended, by outcome: success, failure, transient, throttled, ignored (the caller left) or rejected (by a policy)',
      labels: ['pipeline', 'outcome'],
    }),
    duration: histogram(registry, {
      name: 'resilience_call_duration_seconds',
      help: 'Time of a call with all its attempts and the waits between them',
      labels: ['pipeline'],
    }),
    attempts: counter(registry, {
      name: 'resilience_attempts_total',
      help: 'Runs of the function, by kind (first, retry or hedge) and outcome',
      labels: ['pipeline', 'kind', 'outcome'],
    }),
    rejections: counter(registry, {
      name: 'resilience_rejections_total',
      help: 'Attempts that a policy refused before they reached the dependency',
      labels: ['pipeline', 'policy', 'reason'],
    }),
    transitions: counter(registry, {
      name: 'resilience_circuit_breaker_transitions_total',
      help: 'Changes of state of circuit breakers',
      labels: ['pipeline', 'from', 'to'],
    }),
  };
}

function record(to: Instruments, event: PipelineEvent): void {
  const { pipeline } = event;
  switch (event.type) {
    case 'call':
      to.calls.inc({ pipeline, outcome: event.kind });
      to.duration.observe({ pipeline }, event.durationMs / 1_000);
      break;
    case 'attempt':
      to.attempts.inc({ pipeline, kind: event.info.kind, outcome: event.kind });
      break;
    case 'rejection':
      to.rejections.inc({ pipeline, policy: event.policy, reason: event.reason });
      break;
    case 'transition':
      to.transitions.inc({ pipeline, from: event.from, to: event.to });
      break;
    case 'retry':
      break;
  }
}

/** What a policy's snapshot says in numbers, and under which name. */
function gaugesOn(
  registry: MetricRegistry,
): readonly { readonly on: Gauge<'pipeline'>; readonly value: (of: PolicySnapshot) => number | undefined }[] {
  return [
    {
      on: gauge(registry, {
        name: 'resilience_retry_budget_balance',
        help: 'Retries that the budget would allow now',
        labels: ['pipeline'],
      }),
      value: (policy) => policy.retryBudget,
    },
    {
      on: gauge(registry, { name: 'resilience_limiter_limit', help: 'Most calls that may run at once', labels: ['pipeline'] }),
      value: (policy) => policy.limiter?.limit,
    },
    {
      on: gauge(registry, { name: 'resilience_limiter_inflight', help: 'Calls that run', labels: ['pipeline'] }),
      value: (policy) => policy.limiter?.inFlight,
    },
    {
      on: gauge(registry, { name: 'resilience_limiter_queued', help: 'Calls that wait for a place', labels: ['pipeline'] }),
      value: (policy) => policy.limiter?.queued,
    },
    {
      on: gauge(registry, { name: 'resilience_throttle_rejection_ratio', help: 'Share of calls that is refused', labels: ['pipeline'] }),
      value: (policy) => policy.rejectionRatio,
    },
  ];
}

/** The numbers of one pipeline; nothing for what it has not. */
function collect(view: PipelineView, value: (of: PolicySnapshot) => number | undefined): readonly GaugeSample<'pipeline'>[] {
  const found = view
    .policies()
    .map(value)
    .find((number) => number !== undefined);
  return found === undefined ? [] : [{ labels: { pipeline: view.name }, value: found }];
}

/**
 * Metrics of pipelines on a registry that is handed in; no client is imported. One observer may serve many pipelines, and
 * several on one registry share their metrics. A pipeline with a breaker lives as long as the registry: make pipelines once.
 *
 * | metric | type | labels |
 * |---|---|---|
 * | `resilience_calls_total` | counter | `pipeline`, `outcome` |
 * | `resilience_call_duration_seconds` | histogram | `pipeline` |
 * | `resilience_attempts_total` | counter | `pipeline`, `kind` (`first`, `retry`, `hedge`), `outcome` |
 * | `resilience_rejections_total` | counter | `pipeline`, `policy`, `reason` |
 * | `resilience_circuit_breakers` | gauge, from construction | `pipeline`, `state` (`closed`, `open`, `half_open`, `isolated`) |
 * | `resilience_circuit_breaker_transitions_total` | counter | `pipeline`, `from`, `to` |
 * | `resilience_retry_budget_balance` | gauge, from construction | `pipeline` |
 * | `resilience_limiter_limit` | gauge, from construction | `pipeline` |
 * | `resilience_limiter_inflight` | gauge, from construction | `pipeline` |
 * | `resilience_limiter_queued` | gauge, from construction | `pipeline` |
 * | `resilience_throttle_rejection_ratio` | gauge, from construction | `pipeline` |
 *
 * @throws ResilienceError `INVALID_OPTION` when a name is taken by a metric of another shape
 *
 * @example
 * ```ts
 * import { Registry } from 'prom-client';
 * import { pipeline } from '@nines/resilience';
 * import { prometheus } from '@nines/resilience/prometheus';
 *
 * const registry = new Registry();
 * const inventory = pipeline('inventory', [], { metrics: prometheus(registry) });
 * await inventory.execute(() => 42);
 * console.log((await registry.metrics()).includes('resilience_calls_total{pipeline="inventory",outcome="success"} 1')); // true
 * ```
 */
export function prometheus(registry: MetricRegistry): Observer {
  const instruments = instrumentsOn(registry);
  const gauges = gaugesOn(registry);
  const breakers = gauge(registry, {
    name: 'resilience_circuit_breakers',
    help: 'Circuit breakers in each state',
    labels: ['pipeline', 'state'],
  });
  return {
    attach(view: PipelineView) {
      for (const { on, value } of gauges) if (collect(view, value).length > 0) on.collectFrom(() => collect(view, value));
      if (view.breakers() === undefined) return;
      breakers.collectFrom(() => {
        const counts = view.breakers();
        return STATES.map((state) => ({ labels: { pipeline: view.name, state }, value: counts?.[state] ?? 0 }));
      });
    },
    event: (event) => record(instruments, event),
  };
}
