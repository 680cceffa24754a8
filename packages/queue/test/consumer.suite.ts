import { afterEach, describe } from 'vitest';
import {
  createBatchConsumer,
  createConsumer,
  createInspector,
  createProducer,
  defineQueue,
  fixed,
  type Backend,
  type Consumer,
  type Queue,
  type QueueOptions,
} from '@nines/queue';
import { batchCases } from './consumer-cases/batch.ts';
import { uniqueName, type Bench } from './consumer-cases/bench.ts';
import { cancelCases } from './consumer-cases/cancel.ts';
import { deadLetterCases } from './consumer-cases/dead-letter.ts';
import { dedupCases } from './consumer-cases/dedup.ts';
import { deadlineCases } from './consumer-cases/deadline.ts';
import { enqueueManyCases } from './consumer-cases/enqueue-many.ts';
import { followUpCases } from './consumer-cases/follow-up.ts';
import { operatorCases } from './consumer-cases/operator.ts';
import { orderCases } from './consumer-cases/order.ts';
import { outcomeCases } from './consumer-cases/outcome.ts';
import { partitionCases } from './consumer-cases/partition.ts';
import { payloadCases } from './consumer-cases/payload.ts';
import { resultCases } from './consumer-cases/result.ts';
import { stopCases } from './consumer-cases/stop.ts';

/** What producers and consumers promise, whatever the store. */
export function consumerSuite(name: string, makeBackend: () => Backend, closeBackend: () => void): void {
  describe(`producer and consumer on ${name}`, () => {
    const opened: { close(): Promise<unknown> }[] = [];
    const started = async (consumer: Consumer) => {
      opened.unshift({ close: () => consumer.stop({ timeoutMs: 1000 }) });
      await consumer.start();
      return consumer;
    };
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
        consume: (handler, concurrency = 4) => started(createConsumer(definition, handler, { ...backend, concurrency })),
        consumeBatches: (handler, settings) => started(createBatchConsumer(definition, handler, { ...backend, ...settings })),
      };
    };
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      closeBackend();
    });

    outcomeCases(bench);
    deadlineCases(bench);
    dedupCases(bench);
    resultCases(bench);
    cancelCases(bench);
    followUpCases(bench);
    operatorCases(bench);
    deadLetterCases(bench);
    partitionCases(bench);
    orderCases(bench);
    stopCases(bench);
    payloadCases(bench);
    batchCases(bench);
    enqueueManyCases(bench);
  });
}
