import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { createRegistry } from './client.ts';
import { type FastifyHooks, httpServerMetrics } from './http-server.ts';

const name = 'http_server_request_duration_seconds';

test('a request of node:http is timed until its response closes', async () => {
  const registry = createRegistry();
  const clock = fakeClock();
  const response = Object.assign(new EventEmitter(), { statusCode: 200 });
  httpServerMetrics(registry, { clock }).track({ method: 'PURGE' }, response, () => '/jobs/:id');
  await clock.advance(250);
  response.statusCode = 503;
  response.emit('close');
  const text = await registry.metrics();
  const labels = 'http_request_method="_OTHER",http_route="/jobs/:id",http_response_status_code="503"';
  expect(text).toContain(`${name}_bucket{le="0.1",${labels}} 0\n`);
  expect(text).toContain(`${name}_bucket{le="0.25",${labels}} 1\n`);
  expect(text).toContain(`${name}_sum{${labels}} 0.25\n`);
});

test('a response of fastify is counted under its route pattern, never its path', async () => {
  const registry = createRegistry();
  const hooks: Parameters<FastifyHooks['addHook']>[1][] = [];
  httpServerMetrics(registry).fastify({ addHook: (_name, hook) => hooks.push(hook) });
  let done = 0;
  for (const url of ['/jobs/:id', undefined]) {
    hooks[0]?.({ method: 'GET', routeOptions: { url } }, { statusCode: 200, elapsedTime: 20 }, () => (done += 1));
  }
  expect(done).toBe(2);
  const text = await registry.metrics();
  expect(text).toContain(`${name}_count{http_request_method="GET",http_route="/jobs/:id",http_response_status_code="200"} 1\n`);
  expect(text).toContain(`${name}_count{http_request_method="GET",http_route="",http_response_status_code="200"} 1\n`);
});
