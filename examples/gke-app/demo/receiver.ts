import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { setHttpRoute, startTelemetry } from '@nines/telemetry';
import { trackServer } from '@nines/telemetry/lifecycle';
import { readSecret } from '../src/destinations.ts';
import { text, whole } from '../src/variables.ts';
import { noFaults, readFaults } from './faults.ts';

/** The subscriber of the demo: checks each signature, writes one line for each event, and fails when it is told to. */
const { logger, lifecycle } = await startTelemetry({ serviceName: 'receiver' });
const secret = text(process.env, 'WEBHOOK_SECRET');
readSecret('WEBHOOK_SECRET', secret);
const webhook = new Webhook(secret);
const SEEN_MAX = 100_000;
const BODY_MAX_BYTES = 16 * 1024 * 1024;

let faults = noFaults;
const seen = new Set<string>();
const counts = { requests: 0, delivered: 0, repeated: 0, forged: 0 };

function header(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? '');
}

/** Why the event is not what its sender sent just now, in the words of the published library; undefined when it is. */
function forgery({ headers }: IncomingMessage, body: Buffer): string | undefined {
  try {
    webhook.verify(body, headers as Record<string, string>);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) throw new Error(`a body of more than ${BODY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What the receiver answers to an event now: a status, or how it fails to answer. */
function answerTo(valid: boolean): number | 'hang' | 'reset' {
  if (!valid) return 401;
  if (faults.mode === 'hang' || faults.mode === 'reset') return faults.mode;
  return faults.mode === 'status' ? faults.status : 204;
}

function count(id: string, answer: number | 'hang' | 'reset'): void {
  counts.requests += 1;
  if (answer === 401) counts.forged += 1;
  if (answer !== 204) return;
  if (seen.has(id)) counts.repeated += 1;
  else counts.delivered += 1;
  seen.add(id);
  if (seen.size > SEEN_MAX) for (const oldest of [...seen].slice(0, SEEN_MAX / 10)) seen.delete(oldest);
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  setHttpRoute('/hooks', 'POST');
  const body = await read(request);
  const id = header(request, 'webhook-id');
  const reason = forgery(request, body);
  const answer = answerTo(reason === undefined);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => /^webhook-|^content-type$/.test(name)));
  count(id, answer);
  const signature = reason === undefined ? 'valid' : 'invalid';
  logger.info({ jobId: id, answer, bytes: body.length, sha256, signature, reason, headers }, 'received');
  if (faults.latencyMs > 0) await delay(faults.latencyMs);
  if (answer === 'reset') return void request.socket.destroy();
  if (answer === 'hang') return;
  if (faults.retryAfterSeconds > 0 && answer === faults.status) response.setHeader('Retry-After', faults.retryAfterSeconds);
  response.writeHead(answer).end();
}

async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (request.method === 'POST') {
      faults = readFaults((await read(request)).toString());
      logger.info(faults, 'faults changed');
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(`${JSON.stringify({ faults, counts })}\n`);
  } catch (error) {
    response.writeHead(422, { 'Content-Type': 'text/plain' }).end(`${(error as Error).message}\n`);
  }
}

const server = createServer((request, response) => {
  const handled =
    request.url === '/hooks' && request.method === 'POST'
      ? receive(request, response)
      : request.url === '/__faults'
        ? control(request, response)
        : Promise.resolve(response.writeHead(404).end());
  // The sender may go away in the middle: that is its own affair.
  handled.catch((error: unknown) => logger.warn({ err: error }, 'request broken off'));
});
// What hangs would hold up the shutdown.
lifecycle.onShutdown('stop-accepting', 'hanging requests', () => (faults.mode === 'hang' ? server.closeAllConnections() : undefined));
trackServer(lifecycle, server);
const host = text(process.env, 'HOST', '127.0.0.1');
server.listen(whole(process.env, 'PORT', 0, 0, 65_535), host, () => {
  logger.info({ url: `http://${host}:${(server.address() as AddressInfo).port}` }, 'listening');
});
