/**
 * Plays outages and traffic against an alert policy: what fires, when, and how much of the error budget is gone by then.
 * Pure and seeded: the same arguments give the same answer.
 *
 * @packageDocumentation
 */
export type { Firing } from './simulate/evaluate.ts';
export type { EventHistory } from './simulate/history.ts';
export { outage } from './simulate/outage.ts';
export type { FlappingOptions, Outage, OutageOptions, OutageShapes } from './simulate/outage.ts';
export type { AlertScore, OutageOutcome } from './simulate/score.ts';
export { simulate } from './simulate/simulate.ts';
export type { SimulateOptions, Simulation } from './simulate/simulate.ts';
export { traffic } from './simulate/traffic.ts';
export type { TrafficModel, TrafficModels } from './simulate/traffic.ts';
