// Own metrics, and a scrape that survives a collector that throws.
import { counter, createRegistry, gauge, histogram, httpServerMetrics, metricsHandler, runtimeMetrics } from '@nines/telemetry/metrics';

const registry = createRegistry();
const stop = runtimeMetrics(registry);

counter(registry, { name: 'orders_total', help: 'Orders seen.', labelNames: ['shop'] }).inc({ shop: 'north' });
gauge(registry, { name: 'connections_open', help: 'Open connections.' }).set(3);
histogram(registry, { name: 'order_duration_seconds', help: 'Time an order took.' }).observe(0.12);
httpServerMetrics(registry).observe({ method: 'GET', route: '/orders/:id', status: 200, seconds: 0.004 });
registry.registerMetric({
  name: 'queue_depth',
  help: 'Jobs that wait.',
  type: 'gauge',
  get: () => Promise.reject(new Error('Redis is down')),
});

const text = await metricsHandler(registry, { timeoutMs: 200 }).render();
console.log(
  text
    .split('\n')
    .filter((line) => /^(?:orders|connections|telemetry)/u.test(line))
    .join('\n'),
);
stop();
