import { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { createRegistry } from './text-registry.ts';
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
  const onResponse = (hook: string, listener: (typeof hooks)[number]) => hook === 'onResponse' && hooks.push(listener);
  httpServerMetrics(registry).fastify({ addHook: onResponse });
  let done = 0;
  for (const url of ['/jobs/:id', undefined]) {
    hooks[0]?.({ method: 'GET', routeOptions: { url } }, { statusCode: 200, elapsedTime: 20 }, () => (done += 1));
  }
  expect(done).toBe(2);
  const text = await registry.metrics();
  expect(text).toContain(`${name}_count{http_request_method="GET",http_route="/jobs/:id",http_response_status_code="200"} 1\n`);
  expect(text).toContain(`${name}_count{http_request_method="GET",http_route="",http_response_status_code="200"} 1\n`);
});

test('express and fastify themselves: one name, the pattern of the route with its mount point, and none for what no route took', async () => {
  const registry = createRegistry();
  const http = httpServerMetrics(registry);
  const router = express.Router().get('/jobs/:id', (request, response) => void response.status(202).send(request.params.id));
  const app = express().use(http.express()).use('/v1', router);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => void server.once('listening', resolve));
  const fast = fastify();
  http.fastify(fast);
  fast.register(async (scope) => void scope.get('/jobs/:id', () => 'ok'), { prefix: '/v2' });
  const fastUrl = await fast.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => void server.close());
  onTestFinished(() => fast.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const count = async (route: string, status: number): Promise<boolean> => {
    const line = `${name}_count{http_request_method="GET",http_route="${route}",http_response_status_code="${status}"} 1\n`;
    return (await registry.metrics()).includes(line);
  };
  for (const path of [`${url}/v1/jobs/7`, `${url}/secret/8`, `${fastUrl}/v2/jobs/7`]) await (await fetch(path)).text();
  for (const [route, status] of [
    ['/v1/jobs/:id', 202],
    ['', 404],
    ['/v2/jobs/:id', 200],
  ] as const) {
    await expect.poll(() => count(route, status)).toBe(true);
  }
  expect(await registry.metrics()).not.toContain('secret');
});
