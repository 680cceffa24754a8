// A bad network between a client and a server: one of two connections is reset, and retries get through.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fixed, http, pipeline, timeout } from '@nines/resilience';
import { createFaultProxy } from '@nines/resilience/chaos';
import { pRetry } from '@nines/resilience/p-retry';

const server = createServer((_request, response) => response.setHeader('connection', 'close').end('stock'));
await once(server.listen(0, '127.0.0.1'), 'listening');
const proxy = await createFaultProxy({ upstream: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, seed: 3 });
proxy.add({ type: 'reset_peer', ms: 0, rate: 0.5 });
proxy.add({ type: 'latency', ms: 5, jitterMs: 5 });

const policies = [pRetry({ maxAttempts: 20, backoff: fixed(1) }), timeout({ attemptMs: 1_000 })];
const inventory = pipeline('inventory', policies, { classify: http() });
for (let i = 0; i < 10; i++) {
  const response = await inventory.execute((ctx) => fetch(`http://127.0.0.1:${proxy.port}/`, { signal: ctx.signal }));
  await response.text();
}
console.log('10 answers; connections were reset:', proxy.stats.resets > 0);
await proxy.close();
server.close();
