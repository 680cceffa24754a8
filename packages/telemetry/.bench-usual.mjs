import { NodeSDK } from '@opentelemetry/sdk-node';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import 'prom-client';
import { pino } from 'pino';
pino({}, { write() {} });
const sdk = new NodeSDK({
  serviceName: 'x',
  instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()],
  metricReaders: [],
});
sdk.start();
await sdk.shutdown();
