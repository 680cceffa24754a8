import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TelemetryError } from '../errors.ts';
import type { Health, ProbeAnswer } from '../health/health.ts';
import type { MetricsHandler } from '../metrics/scrape.ts';

/** Where the probe server listens. */
export interface ProbeOptions {
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** Address. Default `127.0.0.1`; in a container, `0.0.0.0`. */
  readonly host?: string;
}

/** The running probe server. */
export interface ProbeServer {
  /** Where it answers, such as `http://127.0.0.1:9464`. */
  readonly url: string;
  /** Its port. */
  readonly port: number;
  /** Stops it and cuts its connections. */
  close(): Promise<void>;
}

/** As Kubernetes' own `?verbose`: a line a check, for people. */
function verbose(path: string, { status, body }: ProbeAnswer): string {
  const lines = Object.entries(body.checks ?? {}).map(([name, state]) => `[${state === 'up' ? '+' : '-'}]${name} ${state}`);
  return [...lines, `${path.slice(1)} check ${status === 200 ? 'passed' : 'failed'}: ${body.status}`, ''].join('\n');
}

/** Answers one probe: JSON, or text for `?verbose`. */
function answerProbe(request: IncomingMessage, response: ServerResponse, path: string, probe: (() => ProbeAnswer) | undefined): void {
  const readable = request.method === 'GET' || request.method === 'HEAD';
  const answer = readable ? probe?.() : undefined;
  const status = answer?.status ?? (probe === undefined ? 404 : 405);
  const asText = answer !== undefined && new URLSearchParams((request.url ?? '').split('?', 2)[1]).has('verbose');
  response.writeHead(status, {
    'Content-Type': asText ? 'text/plain; charset=utf-8' : 'application/json',
    'Cache-Control': 'no-store',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  const refused = { status: status === 404 ? 'not found' : 'method not allowed' };
  response.end(asText ? verbose(path, answer) : `${JSON.stringify(answer?.body ?? refused)}\n`);
}

/** Serves `/metrics`, `/livez`, `/readyz` and `/startupz`, nothing else, on a port of its own. */
export async function startProbes(options: Required<ProbeOptions>, health: Health, metrics: MetricsHandler): Promise<ProbeServer> {
  const probes: Readonly<Record<string, () => ProbeAnswer>> = {
    '/livez': () => health.live(),
    '/readyz': () => health.ready(),
    '/startupz': () => health.startup(),
  };
  // Here, so that a process without a probe server does not pay for loading it.
  const { createServer } = await import('node:http');
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000, maxHeaderSize: 8192 }, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (path === '/metrics') return metrics(request, response);
    const probe = Object.hasOwn(probes, path) ? probes[path] : undefined;
    answerProbe(request, response, path, probe);
  });
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `probes cannot listen on ${options.host}:${options.port}: ${cause.message}`;
      reject(new TelemetryError('PROBE_LISTEN_FAILED', message, { cause, retryable: true }));
    });
    server.listen(options.port, options.host, resolve);
  });
  // Probes never keep a process alive that has nothing else to do.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
