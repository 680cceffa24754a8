import * as nextClient from '@prometheus-io/client';
import * as promClient from 'prom-client';
import { describe, expect, test } from 'vitest';
import { isResilienceError } from '@nines/resilience';
import { counter, gauge, histogram, MAX_SERIES, type MetricRegistry } from '@nines/resilience/prometheus';

/** What both clients' registries offer to a reader. */
interface TestRegistry extends MetricRegistry {
  metrics(): Promise<string>;
  getMetricsAsJSON(): Promise<unknown[]>;
  clear(): void;
  resetMetrics(): void;
}

const clients: {
  name: string;
  text: () => TestRegistry;
  open: () => TestRegistry;
  own: () => Promise<string>;
  ownOpen: () => Promise<string>;
}[] = [
  {
    name: 'prom-client',
    text: () => new promClient.Registry(),
    open: promOpen,
    own: () => promOwn(new promClient.Registry()),
    ownOpen: () => promOwn(promOpen()),
  },
  {
    name: '@prometheus-io/client',
    text: () => new nextClient.Registry(),
    open: nextOpen,
    own: () => nextOwn(new nextClient.Registry()),
    ownOpen: () => nextOwn(nextOpen()),
  },
];

const BUCKETS = [0.1, 1, 2.5];

function promOpen(): promClient.Registry<promClient.OpenMetricsContentType> {
  const registry = new promClient.Registry<promClient.OpenMetricsContentType>();
  registry.setContentType(promClient.Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

function nextOpen(): nextClient.Registry<nextClient.OpenMetricsContentType> {
  const registry = new nextClient.Registry<nextClient.OpenMetricsContentType>();
  registry.setContentType(nextClient.Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

async function promOwn(registry: promClient.Registry<promClient.RegistryContentType>): Promise<string> {
  const registers = [registry];
  new promClient.Counter({ name: 'x_total', help: 'X "done"', labelNames: ['a', 'b'], registers }).inc({ a: 'q"\n\\', b: '2' }, 3);
  new promClient.Gauge({ name: 'depth', help: 'D', labelNames: ['q'], registers }).set({ q: 'main' }, -4);
  const h = new promClient.Histogram({ name: 'took_seconds', help: 'T', labelNames: ['p'], buckets: BUCKETS, registers });
  for (const value of [0.05, 1, 7]) h.observe({ p: 'x' }, value);
  return registry.metrics();
}

async function nextOwn(registry: nextClient.Registry): Promise<string> {
  const registers = [registry];
  new nextClient.Counter({ name: 'x_total', help: 'X "done"', labelNames: ['a', 'b'], registers }).inc({ a: 'q"\n\\', b: '2' }, 3);
  new nextClient.Gauge({ name: 'depth', help: 'D', labelNames: ['q'], registers }).set({ q: 'main' }, -4);
  const h = new nextClient.Histogram({ name: 'took_seconds', help: 'T', labelNames: ['p'], buckets: BUCKETS, registers });
  for (const value of [0.05, 1, 7]) h.observe({ p: 'x' }, value);
  return registry.metrics();
}

function fill(registry: MetricRegistry): void {
  counter(registry, { name: 'x_total', help: 'X "done"', labels: ['a', 'b'] }).inc({ a: 'q"\n\\', b: '2' }, 3);
  gauge(registry, { name: 'depth', help: 'D', labels: ['q'] }).set({ q: 'main' }, -4);
  const took = histogram(registry, { name: 'took_seconds', help: 'T', labels: ['p'], buckets: BUCKETS });
  for (const value of [0.05, 1, 7]) took.observe({ p: 'x' }, value);
}

describe.each(clients)('instruments on a registry of $name', ({ text, open, own, ownOpen }) => {
  test('render exactly as the metrics of the client itself', async () => {
    const registry = text();
    fill(registry);
    expect(await registry.metrics()).toBe(await own());
  });

  test('render OpenMetrics exactly as the metrics of the client itself, scrape after scrape', async () => {
    const registry = open();
    fill(registry);
    const wanted = await ownOpen();
    expect(await registry.metrics()).toBe(wanted);
    expect(await registry.metrics()).toBe(wanted);
  });

  test('keep the counter name for the text format after an OpenMetrics scrape', async () => {
    const registry = open();
    const orders = counter(registry, { name: 'orders_total', help: 'O', labels: [] });
    await registry.metrics();
    orders.inc({});
    expect(counter(registry, { name: 'orders_total', help: 'O', labels: [] })).toBe(orders);
    expect((await registry.metrics()).match(/orders_total/g)).toHaveLength(1);
  });

  test('are shared by name on one registry and separate on another', async () => {
    const [one, two] = [text(), text()];
    const options = { name: 'orders_total', help: 'O', labels: ['shop'] } as const;
    counter(one, options).inc({ shop: 'north' });
    counter(one, options).inc({ shop: 'north' });
    counter(two, options).inc({ shop: 'north' });
    expect(await one.metrics()).toContain('orders_total{shop="north"} 2');
    expect(await two.metrics()).toContain('orders_total{shop="north"} 1');
  });

  test('come back after the registry was cleared, and restart at zero after a reset', async () => {
    const registry = text();
    const options = { name: 'orders_total', help: 'O', labels: [] } as const;
    counter(registry, options).inc({});
    registry.clear();
    counter(registry, options).inc({});
    expect(await registry.metrics()).toContain('orders_total 2');
    registry.resetMetrics();
    expect(await registry.metrics()).toContain('orders_total 0');
  });

  test('give JSON with full labels', async () => {
    const registry = text();
    fill(registry);
    const [first] = await registry.getMetricsAsJSON();
    expect(first).toMatchObject({
      name: 'x_total',
      type: 'counter',
      aggregator: 'sum',
      values: [{ value: 3, labels: { a: 'q"\n\\', b: '2' } }],
    });
  });

  test('add up what several collectors say of one series, and ask them at each scrape', async () => {
    const registry = text();
    let depth = 1;
    const options = { name: 'depth', help: 'D', labels: ['q'] } as const;
    gauge(registry, { ...options, collect: () => [{ labels: { q: 'a' }, value: depth }] });
    const shared = gauge(registry, { ...options, collect: () => [{ labels: { q: 'b' }, value: 5 }] });
    const stop = shared.collectFrom(() => [{ labels: { q: 'a' }, value: 10 }]);
    depth = 2;
    expect(await registry.metrics()).toContain('depth{q="a"} 12\ndepth{q="b"} 5');
    stop();
    shared.set({ q: 'b' }, 1);
    expect(await registry.metrics()).toContain('depth{q="a"} 2');
    expect(await registry.metrics()).toContain('depth{q="b"} 6');
    shared.remove({ q: 'b' });
    expect(await registry.metrics()).toContain('depth{q="b"} 5');
  });
});

describe('instruments', () => {
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (isResilienceError(error)) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'nothing thrown';
  };

  test('refuse one name with two shapes, bad names, bad buckets and bad values', () => {
    const registry = new promClient.Registry();
    const orders = counter(registry, { name: 'orders_total', help: 'O', labels: ['shop'] });
    expect(code(() => gauge(registry, { name: 'orders_total', help: 'O', labels: ['shop'] }))).toBe(
      'INVALID_OPTION metric orders_total: is registered as counter(shop), asked for as gauge(shop)',
    );
    expect(code(() => counter(registry, { name: 'a b', help: '', labels: [] }))).toContain('INVALID_OPTION metric: name must match');
    expect(code(() => counter(registry, { name: 'a', help: '', labels: ['le'] }))).toContain('INVALID_OPTION metric a: a label must match');
    expect(code(() => histogram(registry, { name: 'h', help: '', labels: [], buckets: [1, 1] }))).toBe(
      'INVALID_OPTION metric h: buckets must be finite and rise, got 1, 1',
    );
    expect(code(() => orders.inc({ shop: 'north' }, -1))).toBe(
      'INVALID_OPTION metric orders_total: value must be a finite number from 0, got -1',
    );
    expect(code(() => histogram(registry, { name: 'h', help: '', labels: [] }).observe({}, Number.NaN))).toContain(
      'INVALID_OPTION metric h',
    );
  });

  test('hold a bounded number of series and keep the sum right', async () => {
    const registry = new promClient.Registry();
    const orders = counter(registry, { name: 'orders_total', help: 'O', labels: ['shop'] });
    for (let i = 0; i < MAX_SERIES + 500; i++) orders.inc({ shop: `s${i}` });
    const depth = gauge(registry, { name: 'depth', help: 'D', labels: ['q'] });
    for (let i = 0; i < MAX_SERIES + 500; i++) depth.set({ q: `q${i}` }, 1);
    const lines = (await registry.metrics()).split('\n');
    expect(lines.filter((line) => line.startsWith('orders_total{'))).toHaveLength(MAX_SERIES + 1);
    expect(lines).toContain('orders_total{shop="overflow"} 500');
    expect(lines.filter((line) => line.startsWith('depth{'))).toHaveLength(MAX_SERIES);
  });

  test('tell label sets apart whose values only look alike when joined', async () => {
    const registry = new promClient.Registry();
    const orders = counter(registry, { name: 'orders_total', help: 'O', labels: ['a', 'b'] });
    orders.inc({ a: 'x', b: 'yz' });
    orders.inc({ a: 'xy', b: 'z' });
    expect(await registry.metrics()).toContain('orders_total{a="x",b="yz"} 1\norders_total{a="xy",b="z"} 1');
  });
});
