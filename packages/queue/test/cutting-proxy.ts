import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Where a call is cut off: its script has not run, or it has run and nobody hears of it. */
export type Boundary = 'before it ran' | 'after it ran';

/** A proxy before Redis that cuts connections at given calls of scripts. */
export interface CuttingProxy {
  readonly port: number;
  /** The scripts that were called so far, by digest, those that were cut included. */
  readonly scripts: readonly string[];
  /** What was cut. */
  readonly cut: readonly string[];
  close(): Promise<void>;
}

const EVALSHA = /EVALSHA\r\n\$40\r\n([0-9a-f]{40})|\r\nEVAL\r\n/g;

/** Cuts the connection at the calls of scripts with these numbers, counted over all connections from 0. */
export async function startCuttingProxy(upstream: number, calls: ReadonlySet<number>, boundary: Boundary): Promise<CuttingProxy> {
  const scripts: string[] = [];
  const cut: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect({ host: '127.0.0.1', port: upstream });
    let deaf = false;
    const end = () => {
      client.destroy();
      redis.destroy();
    };
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk: Buffer) => {
      for (const [, digest = 'EVAL'] of chunk.toString('latin1').matchAll(EVALSHA)) {
        const hit = calls.has(scripts.length);
        scripts.push(digest);
        if (!hit) continue;
        cut.push(digest);
        if (boundary === 'before it ran') return end();
        deaf = true;
      }
      redis.write(chunk);
    });
    // The answer is here, so the script has run.
    redis.on('data', (chunk: Buffer) => (deaf ? end() : client.write(chunk)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    scripts,
    cut,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
