import type { Span, SpanAttributes } from './span.ts';

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUS_ERROR = 2;
const ATTRIBUTES_MAX = 32;
const LINKS_MAX = 16;
const TEXT_MAX = 300;

type Json = Readonly<Record<string, unknown>>;

/**
 * The spans of one OTLP request in its JSON form. What is not understood is left out: a newer exporter may say more.
 *
 * @throws SyntaxError when the text is not JSON.
 */
export function readSpans(text: string): Span[] {
  return list(JSON.parse(text), 'resourceSpans').flatMap((resourceSpans) => {
    const service = String(attributesOf(object(resourceSpans['resource']))['service.name'] ?? 'unknown');
    return list(resourceSpans, 'scopeSpans').flatMap((scope) => list(scope, 'spans').flatMap((span) => readSpan(span, service)));
  });
}

function readSpan(span: Json, service: string): Span[] {
  const [traceId, spanId, parentSpanId] = ['traceId', 'spanId', 'parentSpanId'].map((name) => id(span[name]));
  if (traceId?.length !== 32 || spanId?.length !== 16) return [];
  const startMs = milliseconds(span['startTimeUnixNano']);
  const attributes = attributesOf(span);
  const links = list(span, 'links').slice(0, LINKS_MAX);
  const name = short(text(span['name']));
  return [
    {
      traceId,
      spanId,
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      name,
      service: short(service),
      kind: KINDS[Number(span['kind'])] ?? 'internal',
      startMs,
      durationMs: Math.max(0, milliseconds(span['endTimeUnixNano']) - startMs),
      failed: object(span['status'])['code'] === STATUS_ERROR,
      attributes,
      links: links.flatMap((link) => {
        const [traceId, spanId] = [id(link['traceId']), id(link['spanId'])];
        return traceId === undefined || spanId === undefined ? [] : [{ traceId, spanId }];
      }),
      bytes: 200 + name.length + JSON.stringify(attributes).length + 60 * links.length,
    },
  ];
}

function attributesOf(owner: Json): SpanAttributes {
  const known = list(owner, 'attributes')
    .slice(0, ATTRIBUTES_MAX)
    .map(({ key, value }) => [short(text(key)), plain(object(value))] as const);
  return Object.fromEntries(known.filter((entry): entry is readonly [string, string | number | boolean] => entry[1] !== undefined));
}

/** An `AnyValue` of the protocol; whole numbers come as text. */
function plain(value: Json): string | number | boolean | undefined {
  const { stringValue, intValue, doubleValue, boolValue } = value as Readonly<Record<string, unknown>> & {
    readonly stringValue?: unknown;
    readonly intValue?: unknown;
    readonly doubleValue?: unknown;
    readonly boolValue?: unknown;
  };
  if (typeof stringValue === 'string') return short(stringValue);
  if (typeof boolValue === 'boolean') return boolValue;
  const number = intValue ?? doubleValue;
  return number === undefined ? undefined : Number(number);
}

function id(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\da-f]+$/i.test(value) ? value.toLowerCase() : undefined;
}

/** Nanoseconds since 1970 are more than a double holds: the digits behind the millisecond are read apart. */
function milliseconds(nanoseconds: unknown): number {
  const digits = text(nanoseconds);
  if (!/^\d{1,20}$/.test(digits)) return 0;
  const whole = BigInt(digits);
  return Number(whole / 1_000_000n) + Number(whole % 1_000_000n) / 1e6;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function short(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`;
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function list(owner: unknown, name: string): readonly Json[] {
  const value = object(owner)[name];
  return Array.isArray(value) ? value.map(object) : [];
}
