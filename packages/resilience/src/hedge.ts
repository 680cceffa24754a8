export { quantile } from './hedge/delay.ts';
export type { QuantileDelay, QuantileOptions } from './hedge/delay.ts';
export { hedge } from './hedge/policy.ts';
export type { HedgeOptions, HedgeSnapshot } from './hedge/policy.ts';
