export { isTelemetryError, TelemetryError, type TelemetryErrorCode } from './errors.ts';
export type { LogDestination, Logger, LoggerOptions, LogLevel, LogMethod } from './logging/logger.ts';
export { createLogger } from './logging/pino.ts';
export { redactedFields } from './logging/redaction.ts';
