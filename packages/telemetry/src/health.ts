export { type Clock, systemClock, type Timer } from './clock.ts';
export { isTelemetryError, TelemetryError, type TelemetryErrorCode } from './errors.ts';
export type { CheckFunction, CheckOptions, CheckState } from './health/check.ts';
export { createHealth, type Health, type HealthListener, type ProbeAnswer } from './health/health.ts';
