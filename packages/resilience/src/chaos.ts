export { behaviour, fault, latency, outcome } from './chaos/faults.ts';
export type {
  BehaviourOptions,
  Fault,
  FaultKind,
  FaultOptions,
  FaultScope,
  LatencyOptions,
  MadeUp,
  OutcomeOptions,
} from './chaos/faults.ts';
export { chaos } from './chaos/policy.ts';
export type { ChaosOptions, ChaosSnapshot, Injection } from './chaos/policy.ts';
