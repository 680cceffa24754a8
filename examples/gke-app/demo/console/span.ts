/** What a span carries besides its name: text, numbers and flags. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A finished span, as the store keeps it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly startMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly attributes: SpanAttributes;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** How much of the store it takes, roughly. */
  readonly bytes: number;
}
