import {
  type Observer,
  type OptionCheck,
  type PipelineEvent,
  type PipelineView,
  type PolicySnapshot,
  resolveOptions,
} from '@nines/resilience';
import { type Instruments, startAtZero, STATES } from './first-series.ts';
import { counter, gauge, type Gauge, type GaugeSample, histogram } from './instruments.ts';
import type { MetricRegistry } from './registry.ts';

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
    injected: counter(registry, {
      name: 'resilience_chaos_injected_total',
      help: 'Faults that a chaos policy injected, by kind',
      labels: ['pipeline', 'kind'],
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
    case 'injection':
      to.injected.inc({ pipeline, kind: event.kind });
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

/** Options of {@link prometheus}. */
export interface PrometheusOptions {
  /** Keys whose breakers have series of their own, such as the hosts that matter most. At most 20. Default: none. */
  readonly observeKeys?: readonly string[];
}

const MAX_OBSERVED_KEYS = 20;

const keysOption: OptionCheck = (keys) =>
  Array.isArray(keys) && keys.length <= MAX_OBSERVED_KEYS && keys.every((key) => typeof key === 'string')
    ? undefined
    : `an array of at most ${MAX_OBSERVED_KEYS} strings`;

/** The gauge of single breakers; only where somebody asked for it. */
function observedKeys(registry: MetricRegistry, keys: readonly string[]): Gauge<'pipeline' | 'key' | 'state'> | undefined {
  if (keys.length === 0) return undefined;
  return gauge(registry, {
    name: 'resilience_circuit_breaker_state',
    help: '1 for the state of the circuit breaker of a key, 0 for the others',
    labels: ['pipeline', 'key', 'state'],
  });
}

function statesOf(view: PipelineView, key: string): readonly GaugeSample<'pipeline' | 'key' | 'state'>[] {
  const now = view.breakerState(key);
  return STATES.map((state) => ({ labels: { pipeline: view.name, key, state }, value: state === now ? 1 : 0 }));
}

/**
 * Metrics of pipelines on a registry that is handed in; no client is imported. One observer may serve many pipelines, and
 * several on one registry share their metrics. A pipeline with a breaker lives as long as the registry: make pipelines once.
 * Every series a pipeline can have is there from its construction, at 0, so that a first failure is seen as a rise. No key
 * becomes a label but those that are listed.
 *
 * | metric | type | labels |
 * |---|---|---|
 * | `resilience_calls_total` | counter | `pipeline`, `outcome` |
 * | `resilience_call_duration_seconds` | histogram | `pipeline` |
 * | `resilience_attempts_total` | counter | `pipeline`, `kind` (`first`, `retry`, `hedge`), `outcome` |
 * | `resilience_rejections_total` | counter | `pipeline`, `policy`, `reason` |
 * | `resilience_circuit_breakers` | gauge, from construction | `pipeline`, `state` (`closed`, `open`, `half_open`, `isolated`) |
 * | `resilience_circuit_breaker_transitions_total` | counter | `pipeline`, `from`, `to` |
 * | `resilience_circuit_breaker_state` | gauge, from construction, only of the keys in `observeKeys` | `pipeline`, `key`, `state` |
 * | `resilience_chaos_injected_total` | counter | `pipeline`, `kind` |
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
export function prometheus(registry: MetricRegistry, options: PrometheusOptions = {}): Observer {
  const { observeKeys } = resolveOptions<Required<PrometheusOptions>>(
    'prometheus',
    options,
    { observeKeys: [] },
    { observeKeys: keysOption },
  );
  const instruments = instrumentsOn(registry);
  const gauges = gaugesOn(registry);
  const breakers = gauge(registry, {
    name: 'resilience_circuit_breakers',
    help: 'Circuit breakers in each state',
    labels: ['pipeline', 'state'],
  });
  const observed = observedKeys(registry, observeKeys);
  return {
    attach(view: PipelineView) {
      startAtZero(instruments, view);
      for (const { on, value } of gauges) if (collect(view, value).length > 0) on.collectFrom(() => collect(view, value));
      const inEach = (): PolicySnapshot['breakers'] => view.policies().find((policy) => policy.breakers !== undefined)?.breakers;
      if (inEach() === undefined) return;
      breakers.collectFrom(() => STATES.map((state) => ({ labels: { pipeline: view.name, state }, value: inEach()?.[state] ?? 0 })));
      observed?.collectFrom(() => observeKeys.flatMap((key) => statesOf(view, key)));
    },
    event: (event) => record(instruments, event),
  };
}
