import { readFileSync } from 'node:fs';

/** A finished span, as the services write it to `NINES_TRACES_FILE`. */
export interface SpanLine {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
  readonly startMs: number;
  readonly durationMs: number;
}

/** The spans of one trace, in the order in which they began. */
export function readTrace(file: string, traceId: string): SpanLine[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const spans = lines.map((line) => JSON.parse(line) as SpanLine).filter((span) => span.traceId === traceId);
  return spans.sort((a, b) => a.startMs - b.startMs);
}

/** The path that an event takes: service and span of each step, each the child of the one before. */
export const expectedPath: readonly (readonly [service: string, span: string])[] = [
  ['api', 'POST /process'],
  ['api', 'send deliveries'],
  ['worker', 'process deliveries'],
  ['worker', 'POST'],
  ['receiver', 'POST /hooks'],
];

/** The first step of the path that the trace does not have; undefined when it is whole. */
export function missingStep(spans: readonly SpanLine[]): string | undefined {
  let parent: string | undefined;
  for (const [service, name] of expectedPath) {
    const span = spans.find((one) => one.service === service && one.name === name && one.parentSpanId === parent);
    if (span === undefined) return `${name} (${service})`;
    parent = span.spanId;
  }
  return undefined;
}

/** One line for each span: indented name, service, duration. */
export function drawTree(spans: readonly SpanLine[]): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const rows: { readonly label: string; readonly span: SpanLine }[] = [];
  const visit = (siblings: readonly SpanLine[], indent: string) => {
    for (const [index, span] of siblings.entries()) {
      const last = index === siblings.length - 1;
      const root = rows.length === 0;
      rows.push({ label: `${root ? '' : `${indent}${last ? '└─ ' : '├─ '}`}${span.name}`, span });
      visit(
        spans.filter(({ parentSpanId }) => parentSpanId === span.spanId),
        root ? '' : `${indent}${last ? '   ' : '│  '}`,
      );
    }
  };
  visit(
    spans.filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId)),
    '',
  );
  const width = Math.max(0, ...rows.map(({ label }) => label.length));
  return rows.map(({ label, span }) => `${label.padEnd(width)}  ${span.service.padEnd(8)}  ${span.durationMs.toFixed(1).padStart(8)} ms`);
}
