/**
 * Objectives in a test suite: matchers for vitest and jest, and `assertSlo` for node:test and for scripts beside a load generator.
 * A pass is statistics, not luck: below the minimal sample nothing passes.
 *
 * @packageDocumentation
 */
export { assertSlo } from './matchers/assert-slo.ts';
export type { Judgement, SampleTestOptions } from './matchers/judge.ts';
export { samplesFromAutocannon, samplesFromK6 } from './matchers/load.ts';
export type { AutocannonResult, K6Summary } from './matchers/load.ts';
export { sloMatchers } from './matchers/matchers.ts';
export type { MatcherContext, MatcherResult, SloMatcherFunctions, SloMatchers } from './matchers/matchers.ts';
export type { Pageable } from './matchers/paging.ts';
export type { Counts, Samples } from './samples.ts';
