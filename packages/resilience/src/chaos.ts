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
export type { ChaosOptions } from './chaos/policy.ts';
export { createFaultProxy } from './chaos/proxy.ts';
export type { FaultProxy, FaultProxyOptions, FaultProxyStats } from './chaos/proxy.ts';
export type {
  BandwidthToxic,
  Direction,
  DownToxic,
  LatencyToxic,
  ResetPeerToxic,
  TimeoutToxic,
  Toxic,
  ToxicScope,
} from './chaos/toxics.ts';
