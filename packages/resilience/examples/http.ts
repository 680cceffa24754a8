// fetch with Retry-After: the server says 429 once, then answers.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fixed, http, pipeline, timeout } from '@nines/resilience';
import { pRetry } from '@nines/resilience/p-retry';

let requests = 0;
const server = createServer((_request, response) => {
  requests += 1;
  if (requests === 1) response.writeHead(429, { 'retry-after': '1' }).end();
  else response.end('stock');
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const address = server.address();
const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;

const inventory = pipeline('inventory', [pRetry({ backoff: fixed(10) }), timeout({ attemptMs: 1_000 })], { classify: http() });
inventory.subscribe((event) => {
  if (event.type === 'retry') console.log(`${event.kind}: asks again in ${event.delayMs} ms`);
});
const response = await inventory.execute((ctx) => fetch(url, { signal: ctx.signal }));
console.log(response.status, await response.text());
server.close();
