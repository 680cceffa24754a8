// One call: traces, metrics, logs, probes and an orderly shutdown. Run: node --conditions=@nines/source examples/start.ts
import { createServer } from 'node:http';
import { setHttpRoute, startTelemetry } from '@nines/telemetry';
import { trackServer } from '@nines/telemetry/lifecycle';

const telemetry = await startTelemetry({ serviceName: 'shop', serviceVersion: '1.0.0', probes: { port: 0 } });
const server = createServer((request, response) => {
  // The span is named after the route, `GET /orders/:id`, never after the path.
  setHttpRoute('/orders/:id', request.method);
  telemetry.logger.info({ orderId: 7, token: 'never shown' }, 'order read');
  response.end('ok');
});
trackServer(telemetry.lifecycle, server);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
await (await fetch(`http://127.0.0.1:${port}/orders/7`)).text();
console.log((await fetch(`${telemetry.probes?.url}/readyz`)).status);
await telemetry.shutdown('example over');
