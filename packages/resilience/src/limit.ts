export { adaptiveLimit } from './limit/adaptive-limit.ts';
export type { MovingLimitOptions, AdaptiveLimitOptions, AimdLimitOptions, GradientLimitOptions } from './limit/adaptive-limit.ts';
export { loadShedding } from './limit/load-shedding.ts';
export type { LoadSheddingOptions } from './limit/load-shedding.ts';
export type { LimitQueueOptions } from './limit/queue-options.ts';
