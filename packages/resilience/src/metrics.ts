import type { BreakerState, Observer, PipelineEvent, PipelineView } from '@nines/resilience';
import { type Counter, counter, gauge, histogram, type Histogram } from './instruments.ts';
import type { MetricRegistry } from './registry.ts';

interface Instruments {
  readonly calls: Counter<'pipeline' | 'outcome'>;
  readonly duration: Histogram<'pipeline'>;
  readonly attempts: Counter<'pipeline' | 'kind' | 'outcome'>;
  readonly rejections: Counter<'pipeline' | 'policy' | 'reason'>;
  readonly transitions: Counter<'pipeline' | 'from' | 'to'>;
}

const STATES: readonly BreakerState[] = ['closed', 'open', 'half_open'];

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
      help: 'Runs of the function, by kind (first or retry) and outcome',
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

/**
 * Metrics of pipelines on a registry that is handed in; no client is imported. One observer may serve many pipelines, and
 * several on one registry share their metrics. A pipeline with a breaker lives as long as the registry: make pipelines once.
 *
 * | metric | type | labels |
 * |---|---|---|
 * | `resilience_calls_total` | counter | `pipeline`, `outcome` |
 * | `resilience_call_duration_seconds` | histogram | `pipeline` |
 * | `resilience_attempts_total` | counter | `pipeline`, `kind` (`first`, `retry`), `outcome` |
 * | `resilience_rejections_total` | counter | `pipeline`, `policy`, `reason` |
 * | `resilience_circuit_breakers` | gauge, from construction | `pipeline`, `state` (`closed`, `open`, `half_open`) |
 * | `resilience_circuit_breaker_transitions_total` | counter | `pipeline`, `from`, `to` |
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
  const breakers = gauge(registry, {
    name: 'resilience_circuit_breakers',
    help: 'Circuit breakers in each state',
    labels: ['pipeline', 'state'],
  });
  return {
    attach(view: PipelineView) {
      if (view.breakers() === undefined) return;
      breakers.collectFrom(() => {
        const counts = view.breakers();
        return STATES.map((state) => ({ labels: { pipeline: view.name, state }, value: counts?.[state] ?? 0 }));
      });
    },
    event: (event) => record(instruments, event),
  };
}
