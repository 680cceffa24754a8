// Counts on a registry of yours. Depth and age are polled in the background, so no scrape waits for Redis.
import { createConsumer, createProducer, defineQueue } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import { memoryStore } from '@nines/queue/testing';
import { Registry } from 'prom-client';

const registry = new Registry();
const store = memoryStore();
const metrics = prometheus(registry);
const orders = defineQueue<{ sku: string }>({ name: 'orders' });

const done = Promise.withResolvers<void>();
const consumer = createConsumer(orders, () => done.resolve(), { store, metrics });
await consumer.start();
const producer = createProducer(orders, { store, metrics });
await producer.enqueue({ sku: 'A-1' });
await done.promise;
await consumer.stop();
await producer.close();
console.log(await registry.metrics());
