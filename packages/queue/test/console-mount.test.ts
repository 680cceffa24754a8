import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express from 'express';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { defineQueue } from '@nines/queue';
import { queueConsole, type QueueConsole } from '@nines/queue/console';
import { memoryStore } from '@nines/queue/testing';
import { json, listen, post, type Listening } from './console-harness.ts';

const orders = defineQueue<string>({ name: 'orders' });

/** Mounts the console at /admin/queues beside another route, as the guide shows it. */
const mounts: readonly (readonly [string, string | undefined, (handler: QueueConsole) => Promise<Listening>])[] = [
  [
    'node:http',
    '/admin/queues',
    (handler) => listen((request, response) => (isOurs(request.url) ? handler(request, response) : other(request, response))),
  ],
  ['Express 5', undefined, (handler) => listen(express().use('/admin/queues', handler).use(other))],
  [
    'Express 5 behind express.json()',
    undefined,
    (handler) => listen(express().use(express.json()).use('/admin/queues', handler).use(other)),
  ],
  [
    'Express 5 with routers in each other',
    undefined,
    (handler) => listen(express().use('/admin', express.Router().use('/queues', handler)).use(other)),
  ],
  ['Fastify 5', '/admin/queues', inFastify],
  ['Nest 12', undefined, inNest],
];

const isOurs = (url = '') => /^\/admin\/queues([/?]|$)/.test(url);
const other: RequestListener = (_request, response) => void response.end('other');

async function inFastify(handler: QueueConsole): Promise<Listening> {
  const app = Fastify();
  app.get('/', () => 'other');
  await app.register(
    async (scope) => {
      // The console reads bodies itself, so Fastify must leave them alone.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      for (const path of ['/', '/*']) {
        scope.all(path, (request, reply) => {
          reply.hijack();
          handler(request.raw, reply.raw);
        });
      }
    },
    { prefix: '/admin/queues' },
  );
  return { origin: await app.listen({ host: '127.0.0.1', port: 0 }), [Symbol.asyncDispose]: () => app.close() };
}

async function inNest(handler: QueueConsole): Promise<Listening> {
  class AppModule {}
  Module({})(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false });
  app.use('/admin/queues', handler);
  app.use(other);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => app.close() };
}

test.each(mounts)('mounted in %s it serves its page, its figures and its actions, and only these', async (_name, basePath, mount) => {
  const settings = basePath === undefined ? {} : { basePath };
  await using handler = queueConsole([orders], { store: memoryStore(), authorize: () => 'operate', ...settings });
  await using server = await mount(handler);
  const at = `${server.origin}/admin/queues`;
  expect(await (await fetch(server.origin)).text()).toBe('other');
  const page = await fetch(at);
  expect([page.url, page.status, page.headers.get('content-type')]).toEqual([`${at}/`, 200, 'text/html; charset=utf-8']);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await fetch(`${at}/console.js`)).headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(await json(`${at}/api/state`)).toMatchObject({ role: 'operate', queues: [{ key: 'orders', counts: { paused: false } }] });
  expect(await (await post(`${at}/api/pause`, { queue: 'orders' })).json()).toEqual({ jobs: 0 });
  expect(await json(`${at}/api/state`)).toMatchObject({ queues: [{ counts: { paused: true } }] });
  expect((await fetch(`${at}/nowhere`)).status).toBe(404);
});

test('the way from the base to the page stays on the server, whatever the base is called', async () => {
  await using handler = queueConsole([orders], { store: memoryStore() });
  await using server = await listen(express().use('/:tenant', handler));
  const response = await fetch(`${server.origin}/https:evil.example`, { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([302, './https:evil.example/']);
});

test('a request beside the base path is answered with CONSOLE_NOT_FOUND', async () => {
  await using handler = queueConsole([orders], { store: memoryStore(), basePath: '/queues/' });
  await using server = await listen(handler);
  for (const path of ['/', '/queuesx', '/api/state']) {
    expect(await json(`${server.origin}${path}`), path).toMatchObject({ error: { code: 'CONSOLE_NOT_FOUND' } });
  }
  expect((await fetch(`${server.origin}/queues/`)).status).toBe(200);
});
