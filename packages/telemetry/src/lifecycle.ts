export { type Clock, systemClock, type Timer } from './clock.ts';
export { isTelemetryError, TelemetryError, type TelemetryErrorCode } from './errors.ts';
export { type ClosableResponse, type StoppableServer, trackServer } from './lifecycle/http-server.ts';
export { createLifecycle, type Lifecycle, type LifecycleOptions, type LifecycleState } from './lifecycle/lifecycle.ts';
export {
  type ShutdownFunction,
  type ShutdownPhase,
  shutdownPhases,
  type ShutdownReport,
  type ShutdownStep,
  type StepReport,
} from './lifecycle/phases.ts';
export { handleSignals, type SignalOptions, type SignalSource, type StopSignal } from './lifecycle/signals.ts';
