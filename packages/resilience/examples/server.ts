// Two hops: deadline and criticality travel with the request; a full server sheds what matters least.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deadline, http, pipeline } from '@nines/resilience';
import { fetchWith } from '@nines/resilience/fetch';
import { admission } from '@nines/resilience/http';

async function listen(serve: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(serve);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const stockGate = admission({ maxInFlight: 100 });
const stock = await listen(
  stockGate.handler((_request, response) => {
    const request = stockGate.current();
    response.end(`${request?.criticality}, within the deadline of the first hop: ${(request?.remainingMs() ?? Infinity) <= 800}`);
  }),
);
const shopGate = admission({ maxInFlight: 2, shedFrom: { 'sheddable+': 0.5, sheddable: 0.5 } });
const calls = pipeline('stock', [deadline({ totalMs: 10_000 })], { classify: http() });
const getStock = fetchWith(calls, { context: () => shopGate.current() });
const shop = await listen(
  shopGate.handler(async (_request, response) => {
    response.end(await (await getStock(stock.url)).text());
  }),
);

const ask = (criticality: string): Promise<Response> =>
  fetch(shop.url, { headers: { 'x-criticality': criticality, 'grpc-timeout': '800m' } });
console.log(await (await ask('critical')).text());
shopGate.admit({}); // a request that does not end: the shop is half full
const shed = await ask('sheddable');
console.log(shed.status, 'retry after', shed.headers.get('retry-after'));
console.log((await ask('critical')).status, shopGate.snapshot().shed);
shop.server.close();
stock.server.close();
