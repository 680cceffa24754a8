export { adaptiveThrottle } from './throttle/adaptive-throttle.ts';
export type { AdaptiveThrottleOptions } from './throttle/adaptive-throttle.ts';
export { retryThrottle } from './throttle/retry-throttle.ts';
export type { RetryThrottleOptions } from './throttle/retry-throttle.ts';
export { rateLimit } from './throttle/rate-limit.ts';
export type { RateLimitOptions } from './throttle/rate-limit.ts';
