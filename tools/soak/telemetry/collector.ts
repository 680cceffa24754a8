import { createServer } from 'node:http';

/** Takes spans as OTLP over HTTP in JSON, and counts those of servers. */
export interface Collector {
  readonly url: string;
  /** Server spans that arrived for the service instance whose endpoint has this path. */
  readonly count: (run: number) => number;
  readonly close: () => void;
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly { readonly kind: number }[] }[] }[];
}

const serverKind = 2;

/** A collector on loopback; each run exports to a path of its own. */
export async function startCollector(): Promise<Collector> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as Export;
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      const run = request.url?.split('/')[1] ?? '';
      counts.set(run, (counts.get(run) ?? 0) + spans.filter(({ kind }) => kind === serverKind).length);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    count: (run) => counts.get(String(run)) ?? 0,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
