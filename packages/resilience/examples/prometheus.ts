// Metrics of a pipeline and an own counter on one registry.
import { Registry } from 'prom-client';
import { pipeline } from '@nines/resilience';
import { opossum } from '@nines/resilience/opossum';
import { counter, prometheus } from '@nines/resilience/prometheus';

const registry = new Registry();
const inventory = pipeline('inventory', [opossum()], { metrics: prometheus(registry) });
const orders = counter(registry, { name: 'orders_total', help: 'Orders taken', labels: ['shop'] });

await inventory.execute(() => 42);
orders.inc({ shop: 'north' });
const lines = (await registry.metrics()).split('\n');
console.log(lines.filter((line) => /^(orders|resilience_(calls|circuit))/.test(line)).join('\n'));
