import { SpanKind } from '@opentelemetry/api';
import type { FinishedSpan, SpanProcessor } from '../tracing/span.ts';

/** Finished spans kept in memory. */
export interface MemorySpans extends SpanProcessor {
  /** Each finished span, in the order in which they ended. */
  readonly spans: readonly FinishedSpan[];
  /** Resolves with the first span that fits, now or when it ends. */
  waitFor(fits: (span: FinishedSpan) => boolean): Promise<FinishedSpan>;
  /** Forgets what was kept. */
  clear(): void;
}

/**
 * A span processor for tests that keeps the finished spans. Hand it to `startTelemetry({ traces: { spanProcessors: [spans] } })`.
 *
 * @example
 * ```ts
 * import { memorySpans } from '@nines/telemetry/testing';
 * const spans = memorySpans();
 * console.log(spans.spans.length); // 0
 * ```
 */
export function memorySpans(): MemorySpans {
  const spans: FinishedSpan[] = [];
  const waiting = new Set<(span: FinishedSpan) => void>();
  return {
    spans,
    onStart: () => undefined,
    onEnd(span) {
      spans.push(span);
      for (const tell of waiting) tell(span);
    },
    waitFor(fits) {
      const found = spans.find(fits);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => {
        const tell = (span: FinishedSpan): void => {
          if (!fits(span)) return;
          waiting.delete(tell);
          resolve(span);
        };
        waiting.add(tell);
      });
    },
    clear() {
      spans.length = 0;
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/** The word for a kind of span: `internal`, `server`, `client`, `producer` or `consumer`. */
export function kindOf(span: FinishedSpan): string {
  return SpanKind[span.kind].toLowerCase();
}
