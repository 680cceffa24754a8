import { once } from 'node:events';
import { createServer } from 'node:http';
import { serve } from './serve.ts';

/** The collector of the cluster: takes every trace that is sent to it. */
const first = Promise.withResolvers<void>();
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response.writeHead(200).end();
    if (request.url === '/v1/traces') first.resolve();
  });
});

serve({
  async listen(port: number) {
    await once(server.listen(port, '0.0.0.0'), 'listening');
  },
  /** Resolves once traces have come. */
  traces: () => first.promise,
});
