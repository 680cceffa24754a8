import { openSync } from 'node:fs';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { createLogger } from '@nines/telemetry/logging';
import { counter, createRegistry, histogram } from '@nines/telemetry/metrics';
import successor from '@prometheus-io/client';
import { destination, pino } from 'pino';
import promClient from 'prom-client';

/** Something that is called many times in a process of its own. */
export interface Call {
  readonly name: string;
  readonly of: 'nines' | 'peer';
  readonly goalNs?: number;
  /** The row that this one is compared with. */
  readonly beside?: string;
  readonly prepare: () => (index: number) => void;
}

const labelNames = ['method', 'route', 'status'] as const;
const routes = ['/a', '/b/:id', '/c', '/d/:id/e'] as const;
const statuses = [200, 404, 500] as const;
const some = (index: number) => ({ method: 'GET', route: routes[index & 3] as string, status: statuses[index % 3] as number });
const one = { method: 'GET', route: '/a', status: 200 };
const named = { name: 'x_total', help: 'X.', labelNames: [...labelNames] };
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

type PeerClient = Pick<typeof promClient, 'Counter' | 'Histogram' | 'Registry'>;

function peer(name: string, client: PeerClient): Call[] {
  const registers = () => [new client.Registry()];
  const counting = () => new client.Counter({ ...named, registers: registers() });
  const observing = () => new client.Histogram({ ...named, name: 'x_seconds', buckets, registers: registers() });
  const cases: readonly (readonly [string, Call['prepare']])[] = [
    [
      'inc, 3 labels',
      () => {
        const it = counting();
        return (index) => it.inc(some(index));
      },
    ],
    [
      'observe, 3 labels',
      () => {
        const it = observing();
        return (index) => it.observe(some(index), 0.12);
      },
    ],
    [
      'child inc',
      () => {
        const it = counting().labels(one);
        return () => it.inc();
      },
    ],
    [
      'child observe',
      () => {
        const it = observing().labels(one);
        return () => it.observe(0.12);
      },
    ],
  ];
  return cases.map(([what, prepare]) => ({ name: `${name}: ${what}`, of: 'peer', prepare }));
}

const ours: readonly Call[] = [
  {
    name: 'nines: inc, 3 labels',
    of: 'nines',
    goalNs: 150,
    prepare() {
      const it = counter(createRegistry(), named);
      return (index) => it.inc(some(index));
    },
  },
  {
    name: 'nines: observe, 3 labels',
    of: 'nines',
    goalNs: 150,
    prepare() {
      const it = histogram(createRegistry(), { ...named, name: 'x_seconds', buckets });
      return (index) => it.observe(0.12, some(index));
    },
  },
  {
    name: 'nines: bound inc',
    of: 'nines',
    goalNs: 10,
    prepare() {
      const it = counter(createRegistry(), named).bind(one);
      return () => it.inc();
    },
  },
  {
    name: 'nines: bound observe',
    of: 'nines',
    goalNs: 20,
    prepare() {
      const it = histogram(createRegistry(), { ...named, name: 'x_seconds', buckets }).bind(one);
      return () => it.observe(0.12);
    },
  },
];

/** Every line is written inside a span. */
function inSpan(write: (index: number) => void): (index: number) => void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
  const within = trace.setSpanContext(ROOT_CONTEXT, span);
  return (index) => context.with(within, write, undefined, index);
}

const nowhere = () => destination({ fd: openSync('/dev/null', 'w'), sync: true });

function correlation(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId, trace_flags: `0${span.traceFlags}` };
}

const lines: readonly Call[] = [
  {
    name: 'pino: a line, no trace',
    of: 'peer',
    prepare() {
      const log = pino(nowhere());
      return inSpan((index) => log.info({ jobId: index, queue: 'mail' }, 'handled'));
    },
  },
  {
    name: 'pino with a mixin: a line inside a span',
    of: 'peer',
    prepare() {
      const log = pino({ mixin: correlation }, nowhere());
      return inSpan((index) => log.info({ jobId: index, queue: 'mail' }, 'handled'));
    },
  },
  {
    name: 'nines: a line inside a span',
    of: 'nines',
    beside: 'pino: a line, no trace',
    prepare() {
      const log = createLogger({ serviceName: 'x', destination: nowhere() });
      return inSpan((index) => log.info({ jobId: index, queue: 'mail' }, 'handled'));
    },
  },
  {
    name: 'nines: a line for Google Cloud inside a span',
    of: 'nines',
    beside: 'pino: a line, no trace',
    prepare() {
      const log = createLogger({ serviceName: 'x', preset: 'gcp', projectId: 'p', destination: nowhere() });
      return inSpan((index) => log.info({ jobId: index, queue: 'mail' }, 'handled'));
    },
  },
];

export const calls: readonly Call[] = [
  ...ours,
  ...peer('prom-client', promClient),
  ...peer('@prometheus-io/client', successor as unknown as PeerClient),
  ...lines,
];
