import type { SpanProcessor } from './span.ts';

/** Keeps what a processor throws away from the program, whose spans call it. */
export function guard(processor: SpanProcessor, onError: (error: unknown) => void): SpanProcessor {
  const attempt = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      onError(error);
    }
  };
  return {
    onStart: (span, parent) => attempt(() => processor.onStart(span, parent)),
    onEnd: (span) => attempt(() => processor.onEnd(span)),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}
