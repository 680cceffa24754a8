export { type Clock, systemClock, type Timer } from './clock.ts';
export { isTelemetryError, TelemetryError, type TelemetryErrorCode } from './errors.ts';
export type { LogDestination } from './logging/destination.ts';
export type { LogPreset } from './logging/format.ts';
export type { LogLevel } from './logging/level.ts';
export type { Logger, LoggerOptions, LogMethod } from './logging/logger.ts';
export type { LogSampling } from './logging/sampling.ts';
export { createLogger } from './logging/pino.ts';
export { redactedFields } from './logging/redaction.ts';
