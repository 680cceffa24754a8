import { afterEach, describe } from 'vitest';
import {
  createConsumer,
  createInspector,
  createProducer,
  defineQueue,
  fixed,
  type Backend,
  type Queue,
  type QueueOptions,
} from '@nines/queue';
import { uniqueName, type Bench } from './consumer-cases/bench.ts';
import { deadLetterCases } from './consumer-cases/dead-letter.ts';
import { deadlineCases } from './consumer-cases/deadline.ts';
import { followUpCases } from './consumer-cases/follow-up.ts';
import { operatorCases } from './consumer-cases/operator.ts';
import { orderCases } from './consumer-cases/order.ts';
import { outcomeCases } from './consumer-cases/outcome.ts';
import { partitionCases } from './consumer-cases/partition.ts';
import { payloadCases } from './consumer-cases/payload.ts';
import { stopCases } from './consumer-cases/stop.ts';

/** What producers and consumers promise, whatever the store. */
export function consumerSuite(name: string, makeBackend: () => Backend, closeBackend: () => void): void {
  describe(`producer and consumer on ${name}`, () => {
    const opened: { close(): Promise<unknown> }[] = [];
    const bench = <Payload = string>(options: Partial<QueueOptions> = {}, queue?: Queue<Payload>): Bench<Payload> => {
      const backend = makeBackend();
      const definition =
        queue ?? defineQueue<Payload>({ name: uniqueName(), backoff: fixed(1), completed: { count: 10, ageMs: 60_000 }, ...options });
      const producer = createProducer(definition, backend);
      const inspector = createInspector(definition, backend);
      opened.push(producer, inspector);
      return {
        queue: definition,
        backend,
        producer,
        inspector,
        async consume(handler, concurrency = 4) {
          const consumer = createConsumer(definition, handler, { ...backend, concurrency });
          opened.unshift({ close: () => consumer.stop({ timeoutMs: 1000 }) });
          await consumer.start();
          return consumer;
        },
      };
    };
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      closeBackend();
    });

    outcomeCases(bench);
    deadlineCases(bench);
    followUpCases(bench);
    operatorCases(bench);
    deadLetterCases(bench);
    partitionCases(bench);
    orderCases(bench);
    stopCases(bench);
    payloadCases(bench);
  });
}
