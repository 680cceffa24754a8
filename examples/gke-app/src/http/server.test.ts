import { Agent, get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { createLogger } from '@nines/telemetry/logging';
import { createServer } from './server.ts';

const app = createServer(
  {
    host: '127.0.0.1',
    port: 0,
    enqueueTimeoutMs: 1,
    requestTimeoutMs: 1000,
    maxBodyBytes: 1,
    maxConnections: 2,
    maxInFlight: 1,
    maxInFlightBytes: 1,
  },
  createLogger({ serviceName: 'test', level: 'fatal' }),
);
const agent = new Agent({ keepAlive: true });
afterEach(async () => {
  agent.destroy();
  await app.close();
});

test('an idle connection is kept for longer than the 600 s of a load balancer of Google', async () => {
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  response.resume();
  expect(Number(/timeout=(\d+)/.exec(String(response.headers['keep-alive']))?.[1])).toBeGreaterThan(600);
  expect(response.statusCode).toBe(404);
});
