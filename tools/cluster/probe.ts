import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { serve } from './serve.ts';

/** `TCP/443` */
type Port = string;
interface Target {
  readonly ip: string;
  readonly port: Port;
}
/** `silent`: no answer at all, which is neither what an open nor what a closed way gives. */
type Found = 'open' | 'refused' | 'silent';

const SILENT_AFTER_MS = 10_000;
const SEND_AGAIN_MS = 500;
const AT_A_TIME = 64;

const split = (port: Port): [protocol: string, number: number] => {
  const [protocol = '', number] = port.split('/');
  return [protocol, Number(number)];
};

async function listen(port: Port): Promise<void> {
  const [protocol, number] = split(port);
  const listening = protocol === 'UDP' ? echoDatagrams(number) : echoConnections(number);
  // Where the real service listens already, it is the one that is reached.
  await once(listening, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
  });
}

function echoDatagrams(port: number): Socket {
  const socket = createSocket('udp4');
  socket.on('message', (message, { address, port: from }) => socket.send(message, from, address));
  return socket.bind(port, '0.0.0.0');
}

function echoConnections(port: number): Server {
  return createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, '0.0.0.0');
}

function reach({ ip, port }: Target): Promise<Found> {
  const [protocol, number] = split(port);
  return protocol === 'UDP' ? echoed(ip, number) : connected(ip, number);
}

function connected(host: string, port: number): Promise<Found> {
  const { promise, resolve } = Promise.withResolvers<Found>();
  const socket = connect({ host, port });
  socket.setTimeout(SILENT_AFTER_MS, () => resolve('silent'));
  socket.once('connect', () => resolve('open'));
  socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? 'refused' : 'silent'));
  return promise.finally(() => socket.destroy());
}

/** What there and back again is for a protocol without connections. */
function echoed(host: string, port: number): Promise<Found> {
  const { promise, resolve } = Promise.withResolvers<Found>();
  const socket = createSocket('udp4');
  const send = () => socket.send('echo', () => {});
  const again = setInterval(send, SEND_AGAIN_MS);
  const giveUp = setTimeout(() => resolve('silent'), SILENT_AFTER_MS);
  socket.once('message', () => resolve('open'));
  socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? 'refused' : 'silent'));
  // Only a connected socket hears that it was refused.
  socket.connect(port, host, send);
  return promise.finally(() => {
    clearInterval(again);
    clearTimeout(giveUp);
    socket.close();
  });
}

async function reachAll(targets: readonly Target[]): Promise<Found[]> {
  const found: Found[] = [];
  const left = targets.entries();
  const next = async () => {
    for (const [index, target] of left) found[index] = await reach(target);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, next));
  return found;
}

serve({
  listen: (ports: readonly Port[]) => Promise.all(ports.map(listen)),
  reach: reachAll,
});
