import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type ContextManager,
  ROOT_CONTEXT,
  type Span,
  type SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';

/** Carries the active context through promises, as an SDK does. */
export class TestContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    ctx: Context,
    fn: F,
    _thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(ctx, () => fn(...args));
  }
  bind<T>(_context: Context, target: T): T {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    return this;
  }
}

/** A span as it was recorded. */
export interface Recorded {
  readonly name: string;
  readonly parent: string | undefined;
  readonly attributes: Attributes;
  readonly events: { readonly name: string; readonly attributes: unknown }[];
  status: SpanStatusCode | undefined;
  ended: number;
}

/** A tracer that keeps what is recorded. */
export function recorder(): { tracer: Tracer; spans: Recorded[] } {
  const spans: Recorded[] = [];
  const names = new WeakMap<Span, string>();
  const startSpan: Tracer['startSpan'] = (name, options) => {
    const active = trace.getActiveSpan();
    const recorded: Recorded = {
      name,
      parent: active && names.get(active),
      attributes: { ...options?.attributes },
      events: [],
      status: undefined,
      ended: 0,
    };
    spans.push(recorded);
    const span = {
      setAttribute: (key: string, value: string) => void (recorded.attributes[key] = value),
      setStatus: ({ code }: { code: SpanStatusCode }) => void (recorded.status = code),
      addEvent: (event: string, attributes: unknown) => void recorded.events.push({ name: event, attributes }),
      end: () => void (recorded.ended += 1),
    } as unknown as Span;
    names.set(span, name);
    return span;
  };
  return { spans, tracer: { startSpan } as Tracer };
}
