export { memoryStore, type DrainOptions, type MemoryStore, type MemoryStoreOptions } from './memory/memory-store.ts';
export {
  queueMatchers,
  type MatcherContext,
  type MatcherResult,
  type QueueMatcher,
  type QueueMatcherFunctions,
  type QueueMatchers,
} from './memory/matchers.ts';
