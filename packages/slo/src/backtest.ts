/**
 * What an alert policy would have done with what was recorded: over saved answers of `query_range`, or read live from a Prometheus.
 *
 * @packageDocumentation
 */
export type { PrometheusRequest, PrometheusResponse, PrometheusSource } from './backtest/api.ts';
export { backtest } from './backtest/backtest.ts';
export type { Backtest, Recording } from './backtest/backtest.ts';
export type { QueryRangeAnswer } from './backtest/matrix.ts';
export { fetchEvents } from './backtest/events.ts';
export type { CurrentEvents, FetchEventsOptions } from './backtest/events.ts';
export { fetchRecording } from './backtest/recording.ts';
export type { FetchRecordingOptions } from './backtest/recording.ts';
export type { Firing } from './simulate/evaluate.ts';
export type { EventHistory } from './simulate/history.ts';
