import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFaultProxy, type FaultProxy, type FaultProxyOptions, type Toxic } from '@nines/resilience/chaos';
import { FakeClock } from '@nines/resilience/testing';

interface World {
  readonly proxy: FaultProxy;
  readonly clock: FakeClock;
  /** A connected pair: what a client holds and what the server accepted. */
  readonly pair: () => Promise<[client: Socket, server: Socket]>;
  readonly dial: () => Socket;
}

/** A server, a proxy before it and a clock that stands still. */
async function world(options: Partial<FaultProxyOptions> = {}): Promise<World> {
  const clock = new FakeClock();
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const upstream = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const proxy = await createFaultProxy({ upstream, clock, ...options });
  const dial = (): Socket => {
    const client = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
    client.on('error', () => {});
    sockets.push(client);
    return client;
  };
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await proxy.close();
    server.close();
  });
  const pair = async (): Promise<[Socket, Socket]> => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = dial();
    const [socket] = await accepted;
    socket.on('error', () => {});
    sockets.push(socket);
    return [client, socket];
  };
  return { proxy, clock, pair, dial };
}

/** Reads until so many bytes are there. */
async function read(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (text.length < bytes) await once(socket, 'data');
  return text;
}

/** How a socket ended: with an error code or without. */
function ending(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.resume();
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('end', () => resolve('closed'));
  });
}

describe('createFaultProxy', () => {
  test('without toxics passes bytes and half-closes through, both ways', async () => {
    const { proxy, clock, pair } = await world();
    const [client, server] = await pair();
    const [asked, answered] = [read(server, 4), read(client, 6)];
    client.end('ping');
    expect(await asked).toBe('ping');
    await once(server, 'end');
    server.end('answer');
    expect(await answered).toBe('answer');
    if (!client.closed) await once(client, 'close');
    expect(proxy.stats).toMatchObject({ accepted: 1, upstreamBytes: 4, downstreamBytes: 6, heldBytes: 0, resets: 0 });
    expect([proxy.host, clock.pending]).toEqual(['127.0.0.1', 0]);
  });

  test('makes the server wait for a client that does not read, and carries every byte unharmed', async () => {
    const { proxy, pair } = await world({ maxBufferBytes: 1_024 });
    const [client, server] = await pair();
    const sent = Buffer.alloc(16_777_216, 'the quick brown fox jumps over the lazy dog');
    server.end(sent);
    while (proxy.stats.heldBytes < 1_024) await new Promise(setImmediate);
    expect(proxy.stats.downstreamBytes).toBeLessThan(sent.length);
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(client, 'end');
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(proxy.stats).toMatchObject({ heldBytes: 0, downstreamBytes: sent.length });
  });

  test('closes connections past its limit', async () => {
    const { proxy, pair, dial } = await world({ maxConnections: 1 });
    await pair();
    expect(await ending(dial())).toMatch(/closed|ECONNRESET/);
    expect(proxy.stats).toMatchObject({ connections: 1, accepted: 1, refused: 1 });
  });

  test('hands on a reset, in both directions', async () => {
    const { proxy, pair } = await world();
    const [a, serverOfA] = await pair();
    const end = ending(serverOfA);
    a.resetAndDestroy();
    expect(await end).toBe('ECONNRESET');
    const [b, serverOfB] = await pair();
    const other = ending(b);
    serverOfB.resetAndDestroy();
    expect(await other).toBe('ECONNRESET');
    expect(proxy.stats).toMatchObject({ connections: 0, resets: 2 });
  });

  test('resets the client when the server is not there', async () => {
    const { proxy, pair } = await world();
    await pair();
    const dead = await createFaultProxy({ upstream: { host: '127.0.0.1', port: proxy.port } });
    onTestFinished(() => dead.close());
    await proxy.close();
    const client = connect({ port: dead.port, host: '127.0.0.1' });
    expect(await ending(client)).toBe('ECONNRESET');
  });

  test('close ends every connection, and may be called twice', async () => {
    const { proxy, pair } = await world();
    const [client] = await pair();
    const end = ending(client);
    await Promise.all([proxy.close(), proxy.close()]);
    expect(await end).toMatch(/closed|ECONNRESET/);
    expect(proxy.stats.connections).toBe(0);
  });

  test.each([
    { upstream: { host: '', port: 1 } },
    { upstream: { host: 'a', port: 0 } },
    { upstream: undefined },
    { port: -1 },
    { seed: 0.5 },
    { maxConnections: 0 },
    { maxBufferBytes: 0 },
    { toxics: [] },
  ])('refuses %j', async (wrong) => {
    await expect(createFaultProxy({ upstream: { host: 'a', port: 1 }, ...wrong } as FaultProxyOptions)).rejects.toThrow(
      /^createFaultProxy: /,
    );
  });
});

describe('toxics', () => {
  test('latency holds bytes until their time, in their order, in one direction', async () => {
    const { proxy, clock, pair } = await world();
    proxy.add({ type: 'latency', ms: 100, jitterMs: 50, direction: 'upstream' });
    const [client, server] = await pair();
    const answer = read(client, 2);
    server.write('hi');
    expect(await answer).toBe('hi');
    client.end('ping');
    await clock.scheduled();
    await clock.advance(99);
    expect(proxy.stats).toMatchObject({ upstreamBytes: 0, heldBytes: 4 });
    const asked = read(server, 4);
    await clock.advance(51);
    expect(await asked).toBe('ping');
    expect(proxy.stats.heldBytes).toBe(0);
  });

  test('holds no more than its buffer and one read, however much is sent', async () => {
    const { proxy, pair } = await world({ maxBufferBytes: 1_024 });
    proxy.add({ type: 'latency', ms: 60_000 });
    const [, server] = await pair();
    server.write(Buffer.alloc(8_388_608));
    while (proxy.stats.heldBytes < 1_024) await new Promise(setImmediate);
    for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
    expect(proxy.stats.heldBytes).toBeLessThanOrEqual(1_024 + 65_536);
  });

  test('latency taken off lets go of what it held', async () => {
    const { proxy, clock, pair } = await world();
    const off = proxy.add({ type: 'latency', ms: 60_000 });
    const [client, server] = await pair();
    const answer = read(client, 2);
    server.write('hi');
    await clock.scheduled();
    off();
    expect(await answer).toBe('hi');
    expect(clock.pending).toBe(0);
  });

  test('bandwidth lets through so many bytes a second and no more', async () => {
    const { proxy, clock, pair } = await world();
    proxy.add({ type: 'bandwidth', bytesPerSecond: 1_000 });
    const [client, server] = await pair();
    const all = read(client, 1_000);
    server.write('x'.repeat(1_000));
    await clock.scheduled();
    await clock.advance(499);
    expect(proxy.stats.downstreamBytes).toBe(400);
    await clock.advance(1);
    expect(proxy.stats.downstreamBytes).toBe(500);
    await clock.advance(500);
    expect(await all).toHaveLength(1_000);
  });

  test('timeout swallows bytes, then closes the connection', async () => {
    const { proxy, clock, pair } = await world();
    proxy.add({ type: 'timeout', ms: 1_000 });
    const [client, server] = await pair();
    let heard = '';
    server.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    const end = ending(client);
    client.write('lost');
    await clock.advance(999);
    expect(proxy.stats.connections).toBe(1);
    await clock.advance(1);
    expect(await end).toMatch(/closed|ECONNRESET/);
    expect([heard, proxy.stats.upstreamBytes, proxy.stats.connections]).toEqual(['', 0, 0]);
  });

  test('timeout without end lasts until it is taken off', async () => {
    const { proxy, clock, pair } = await world();
    const off = proxy.add({ type: 'timeout', ms: 0 });
    const [client] = await pair();
    await clock.advance(3_600_000);
    expect([proxy.stats.connections, clock.pending]).toEqual([1, 0]);
    const end = ending(client);
    off();
    expect(await end).toMatch(/closed|ECONNRESET/);
  });

  test('reset_peer resets open connections after its time, and leaves no timer for one that ended before', async () => {
    const { proxy, clock, pair } = await world();
    const [client] = await pair();
    const [other] = await pair();
    proxy.add({ type: 'reset_peer', ms: 500 });
    expect(clock.pending).toBe(2);
    other.resetAndDestroy();
    while (proxy.stats.connections > 1) await new Promise(setImmediate);
    expect(clock.pending).toBe(1);
    const end = ending(client);
    await clock.advance(500);
    expect(await end).toBe('ECONNRESET');
    expect(proxy.stats).toMatchObject({ connections: 0, resets: 2 });
  });

  test('down closes open and new connections until it is taken off', async () => {
    const { proxy, pair, dial } = await world();
    const [client] = await pair();
    const end = ending(client);
    proxy.add({ type: 'down' });
    expect(await end).toMatch(/closed|ECONNRESET/);
    expect(await ending(dial())).toMatch(/closed|ECONNRESET/);
    proxy.clear();
    const [again, server] = await pair();
    const asked = read(server, 4);
    again.write('ping');
    expect(await asked).toBe('ping');
  });

  test('strikes a share of the connections, the same for the same seed', async () => {
    const struck = async (seed: number): Promise<boolean[]> => {
      const { proxy, clock, pair } = await world({ seed });
      proxy.add({ type: 'timeout', ms: 1_000, rate: 0.5 });
      const seen: boolean[] = [];
      for (let i = 0; i < 20; i++) {
        const before = clock.pending;
        await pair();
        seen.push(clock.pending > before);
      }
      return seen;
    };
    const [a, b, c] = [await struck(4), await struck(4), await struck(5)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(new Set(a)).toEqual(new Set([true, false]));
  });

  test.each([
    { type: 'slicer' },
    { type: 'latency', ms: 0 },
    { type: 'latency', ms: 1, direction: 'sideways' },
    { type: 'bandwidth', bytesPerSecond: 0 },
    { type: 'timeout' },
    { type: 'reset_peer', ms: 1, rate: 2 },
    { type: 'down', ms: 1 },
    undefined,
  ])('refuses %j', async (wrong) => {
    const { proxy } = await world();
    expect(() => proxy.add(wrong as Toxic)).toThrow(/(must be|unknown option)/);
  });

  test('refuses more than a hundred', async () => {
    const { proxy } = await world();
    for (let i = 0; i < 100; i++) proxy.add({ type: 'down', rate: 0 });
    expect(() => proxy.add({ type: 'down' })).toThrow('number of toxics must be a whole number from 1 to 100, got 101');
  });
});
