import type { Attributes, Context, HrTime, Link, Span, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';

/** A span that has ended, as the OpenTelemetry SDK hands it over. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  /** Trace and span id. */
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly duration: HrTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly events: readonly { readonly name: string; readonly attributes?: Attributes; readonly time: HrTime }[];
  readonly resource: { readonly attributes: Attributes };
}

/** Sees each recorded span; every span processor of the OpenTelemetry SDK fits. */
export interface SpanProcessor {
  /** A span began. */
  onStart(span: Span, parent: Context): void;
  /** A span ended. */
  onEnd(span: FinishedSpan): void;
  /** Exports what is waiting. */
  forceFlush(): Promise<void>;
  /** Exports what is waiting and takes no more. */
  shutdown(): Promise<void>;
}
