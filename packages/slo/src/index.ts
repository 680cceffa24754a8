/**
 * Service level objectives as exact mathematics: pure functions without a dependency, a clock or I/O, to import in tests and in generators.
 *
 * @packageDocumentation
 */
export { burnRateFactor, detectionTime, errorRatioThreshold, isReachable, resetTime } from './alerting.ts';
export type { DetectionOptions, FactorOptions, ResetOptions } from './alerting.ts';
export { alertsOf } from './alerts.ts';
export type { Alert, AlertSource } from './alerts.ts';
export { allowedDowntime, budgetConsumed, budgetRemaining, errorBudget } from './budget.ts';
export type { ConsumptionOptions, ErrorBudget } from './budget.ts';
export { burnRate, timeToExhaustion } from './burn.ts';
export type { ExhaustionOptions } from './burn.ts';
export { composite } from './composite.ts';
export type { CompositeEvents, CompositePart } from './composite.ts';
export type { DecimalInput } from './decimal.ts';
export type { Duration } from './duration.ts';
export { SloError, isSloError } from './errors.ts';
export type { Finding, SloErrorCode } from './errors.ts';
export { clopperPearson, wilson } from './interval.ts';
export type { Interval, IntervalOptions } from './interval.ts';
export type { Events, Measurement } from './measurement.ts';
export { defineSlo } from './objective.ts';
export type { Slo, SloOptions } from './objective.ts';
export { windowAt } from './period.ts';
export type { Period } from './period.ts';
export { googleSre, pyrra } from './policy.ts';
export type { AlertPolicy, AlertSeverity, AlertWindow, PolicyOptions } from './policy.ts';
export { sli } from './sli.ts';
export type {
  BooleanSli,
  FreshnessSli,
  LatencyOptions,
  LatencySli,
  RatioSli,
  RawSli,
  Sli,
  SliKinds,
  TimeSlicesOptions,
  TimeSlicesSli,
} from './sli.ts';
export { goodRatio, isSliceGood, periodErrorRatio, slicesToExhaustion } from './slices.ts';
export type { BudgetingMethod, BudgetingOptions, Slice, SliceExhaustionOptions } from './slices.ts';
export { absentFor, alertFires, dynamicThreshold, sloStatus } from './status.ts';
export type { AlertTest, DynamicThresholdOptions, SloStatus, StatusOptions } from './status.ts';
export { minimumSamples, verdict } from './verdict.ts';
export type { SampleSizeOptions, Verdict, VerdictMethod, VerdictOptions } from './verdict.ts';
export { calendar, rolling } from './window.ts';
export type { CalendarOptions, CalendarUnit, CalendarWindow, RollingWindow, SloWindow } from './window.ts';
