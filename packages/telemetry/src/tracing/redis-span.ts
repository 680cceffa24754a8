import { context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { redisOperation } from '../redis-operation.ts';

/** A Redis command, as far as a span may know it: never its arguments, which hold keys, payloads and passwords. */
export interface RedisCommand {
  readonly name: string;
  readonly database: number | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Commands in one transaction; undefined for a single one. */
  readonly batchSize?: number | undefined;
}

const tracer = (): Tracer => trace.getTracer('@nines/telemetry');

/**
 * Starts the span of a command inside a span of the program; undefined outside of one, where nobody asked.
 *
 * Source of the names: https://opentelemetry.io/docs/specs/semconv/database/redis/
 */
export function startRedisSpan({ name, database, address, port, batchSize }: RedisCommand): Span | undefined {
  if (trace.getSpan(context.active()) === undefined) return undefined;
  const operation = redisOperation(name);
  return tracer().startSpan(operation, {
    kind: SpanKind.CLIENT,
    attributes: {
      'db.system.name': 'redis',
      'db.operation.name': operation,
      ...(database === undefined ? {} : { 'db.namespace': String(database) }),
      ...(address === undefined ? {} : { 'server.address': address }),
      ...(port === undefined ? {} : { 'server.port': port }),
      ...(batchSize === undefined ? {} : { 'db.operation.batch.size': batchSize }),
    },
  });
}

/** Marks a command as failed: with the first word of Redis' answer, such as `WRONGTYPE`; the rest of it may quote a key or a value. */
export function failRedisSpan(span: Span, error: unknown): void {
  const { name, message } = error instanceof Error ? error : { name: '_OTHER', message: '' };
  const status = /^[A-Z]{2,32}(?= |$)/u.exec(message)?.[0];
  span.setAttribute('error.type', name);
  if (status !== undefined) span.setAttribute('db.response.status_code', status);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
