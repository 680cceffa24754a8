import { tracingChannel, type TracingChannelSubscribers } from 'node:diagnostics_channel';
import type { Span } from '@opentelemetry/api';
import { failRedisSpan, type RedisCommand, startRedisSpan } from './redis-span.ts';

/** What ioredis 6 publishes of a command or of a transaction. Its `args` are not read: its own filter lets values through. */
interface Published {
  readonly command?: string;
  readonly batchMode?: string;
  readonly batchSize?: number;
  readonly database?: number;
  readonly serverAddress?: string;
  readonly serverPort?: number | undefined;
  readonly error?: unknown;
}

function commandOf({ command, batchMode, batchSize, database, serverAddress, serverPort }: Published): RedisCommand {
  return { name: command ?? batchMode ?? '', batchSize, database, address: serverAddress, port: serverPort };
}

/**
 * Makes a span of each command of ioredis 6, which publishes them on diagnostics channels: nothing is patched, so it works in bundles too.
 *
 * @returns a function that ends it.
 */
export function traceRedisChannels(): () => void {
  const spans = new WeakMap<object, Span>();
  const subscribers: TracingChannelSubscribers<Published> = {
    start(message) {
      const span = startRedisSpan(commandOf(message));
      if (span !== undefined) spans.set(message, span);
    },
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (message) => spans.get(message)?.end(),
    error(message) {
      const span = spans.get(message);
      if (span !== undefined) failRedisSpan(span, message.error);
    },
  };
  const channels = ['ioredis:command', 'ioredis:batch'].map((name) => tracingChannel<unknown, Published>(name));
  for (const channel of channels) channel.subscribe(subscribers);
  return () => {
    for (const channel of channels) channel.unsubscribe(subscribers);
  };
}
