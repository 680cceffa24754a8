import type { SpanRow, TraceLine, TraceView } from './protocol.ts';
import type { Span } from './span.ts';

const ROWS_MAX = 200;

/** One line for a list. */
export function lineOf(spans: readonly Span[]): TraceLine {
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const root = spans.find(({ parentSpanId }) => parentSpanId === undefined) ?? byStart(spans)[0];
  return {
    traceId: root?.traceId ?? '',
    name: root?.name ?? '',
    startMs,
    durationMs: Math.max(...spans.map((span) => span.startMs + span.durationMs)) - startMs,
    spans: spans.length,
    attempts: spans.filter(({ kind }) => kind === 'consumer').length,
    outcome: outcomeOf(spans),
  };
}

function outcomeOf(spans: readonly Span[]): TraceLine['outcome'] {
  if (!spans.some(({ failed }) => failed)) return 'fine';
  const last = byStart(spans.filter(({ kind }) => kind === 'consumer')).at(-1);
  return last === undefined || last.failed ? 'failed' : 'recovered';
}

/** How long an event took from its acceptance, at or after a moment, until an attempt to deliver it succeeded; empty when it was or is not so. */
export function deliveredAfterMs(spans: readonly Span[], sinceMs: number): number[] {
  const accepted = spans.find(({ kind, parentSpanId }) => kind === 'server' && parentSpanId === undefined);
  if (accepted === undefined || accepted.startMs < sinceMs) return [];
  const delivered = byStart(spans).find(({ kind, failed }) => kind === 'consumer' && !failed);
  return delivered === undefined ? [] : [delivered.startMs + delivered.durationMs - accepted.startMs];
}

/** The waterfall: each span below its parent, siblings in the order in which they began. */
export function viewOf(spans: readonly Span[]): TraceView {
  const line = lineOf(spans);
  const attempts = attemptsOf(spans);
  const known = new Set(spans.map(({ spanId }) => spanId));
  const rows: SpanRow[] = [];
  const visited = new Set<string>();
  const visit = (siblings: readonly Span[], depth: number) => {
    for (const span of byStart(siblings)) {
      if (visited.has(span.spanId)) continue;
      visited.add(span.spanId);
      rows.push({ ...rowOf(span, depth, line.startMs), ...attempts.get(span.spanId) });
      visit(
        spans.filter(({ parentSpanId }) => parentSpanId === span.spanId),
        depth + 1,
      );
    }
  };
  // A parent that was never sent, or fell out of the store, leaves its children at the top.
  visit(
    spans.filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId)),
    0,
  );
  return { ...line, rows: rows.slice(0, ROWS_MAX), left: Math.max(0, rows.length - ROWS_MAX) };
}

function rowOf(
  { traceId, spanId, name, service, startMs, durationMs, failed, attributes, links }: Span,
  depth: number,
  traceStartMs: number,
): SpanRow {
  return {
    spanId,
    name,
    service,
    depth,
    offsetMs: startMs - traceStartMs,
    durationMs,
    failed,
    attributes: Object.entries(attributes).map(([key, value]) => [key, String(value)] as const),
    links: [...new Set(links.map((link) => link.traceId))].filter((linked) => linked !== traceId),
  };
}

/** Which attempt each run of the handler was, and how long the event lay in the queue before it. */
function attemptsOf(spans: readonly Span[]): ReadonlyMap<string, { readonly attempt: number; readonly waitedMs: number }> {
  const sent = spans.find(({ kind }) => kind === 'producer');
  let leftMs = sent === undefined ? undefined : sent.startMs + sent.durationMs;
  return new Map(
    byStart(spans.filter(({ kind }) => kind === 'consumer')).map(({ spanId, startMs, durationMs }, at) => {
      const waitedMs = Math.max(0, startMs - (leftMs ?? startMs));
      leftMs = startMs + durationMs;
      return [spanId, { attempt: at + 1, waitedMs }] as const;
    }),
  );
}

function byStart(spans: readonly Span[]): Span[] {
  return spans.toSorted((a, b) => a.startMs - b.startMs);
}
