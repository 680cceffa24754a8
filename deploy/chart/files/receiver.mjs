// The receiver of `demo.enabled`: takes events, checks their signatures, writes a line for each, and fails when it is told to.
// One file without dependencies, because it runs from a ConfigMap on the Node.js of the worker's image.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const BODY_MAX_BYTES = 16 * 1024 * 1024;
const TOLERANCE_SECONDS = 300;
const NONE = { mode: 'none', status: 500, retryAfterSeconds: 0, latencyMs: 0 };
const ALLOWED = {
  mode: [(value) => ['none', 'status', 'hang', 'reset'].includes(value), 'none, status, hang or reset'],
  status: [(value) => whole(value, 200, 599), 'a whole number from 200 to 599'],
  retryAfterSeconds: [(value) => whole(value, 0, 86_400), 'a whole number from 0 to 86400'],
  latencyMs: [(value) => whole(value, 0, 60_000), 'a whole number from 0 to 60000'],
};

const key = readKey(process.env.WEBHOOK_SECRET ?? '');
const counts = { requests: 0, delivered: 0, failed: 0, forged: 0 };
let faults = NONE;

function whole(value, least, most) {
  return Number.isInteger(value) && value >= least && value <= most;
}

function say(msg, fields) {
  console.log(JSON.stringify({ time: new Date().toISOString(), service: 'receiver', msg, ...fields }));
}

function readKey(secret) {
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (!secret.startsWith('whsec_') || bytes.length < 24) {
    console.error('WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64');
    process.exit(2);
  }
  return bytes;
}

function readFaults(text) {
  const wanted = JSON.parse(text);
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) throw new Error('faults must be a JSON object');
  for (const [name, value] of Object.entries(wanted)) {
    const [allowed, words] = Object.hasOwn(ALLOWED, name) ? ALLOWED[name] : [];
    if (allowed === undefined) throw new Error(`faults have no ${name}; they have ${Object.keys(NONE).join(', ')}`);
    if (!allowed(value)) throw new Error(`${name} must be ${words}, got ${JSON.stringify(value)}`);
  }
  return { ...NONE, ...wanted };
}

/** Standard Webhooks: HMAC-SHA256 over id, time and body; old events are somebody's recording. */
function isSigned(headers, body) {
  const [id = '', time = ''] = [headers['webhook-id'], headers['webhook-timestamp']];
  if (Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE_SECONDS) return false;
  const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest();
  return (headers['webhook-signature'] ?? '').split(' ').some((each) => {
    const given = Buffer.from(each.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

async function read(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) throw new Error(`a body of more than ${BODY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function receive(request, response) {
  const body = await read(request);
  const now = faults;
  const signed = isSigned(request.headers, body);
  const answer = signed ? ({ none: 204, status: now.status }[now.mode] ?? now.mode) : 401;
  counts.requests += 1;
  counts[signed ? (answer === 204 ? 'delivered' : 'failed') : 'forged'] += 1;
  say('received', { jobId: request.headers['webhook-id'], answer, bytes: body.length, signature: signed ? 'valid' : 'invalid' });
  if (now.latencyMs > 0) await delay(now.latencyMs);
  if (answer === 'reset') request.socket.destroy();
  if (typeof answer !== 'number') return;
  if (answer === now.status && now.retryAfterSeconds > 0) response.setHeader('Retry-After', now.retryAfterSeconds);
  response.writeHead(answer).end();
}

async function control(request, response) {
  try {
    if (request.method === 'POST') {
      faults = readFaults(String(await read(request)));
      say('faults changed', faults);
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(`${JSON.stringify({ faults, counts })}\n`);
  } catch (error) {
    response.writeHead(422, { 'Content-Type': 'text/plain' }).end(`${error.message}\n`);
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
  handled.catch((error) => say('request broken off', { reason: error.message }));
});
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '0.0.0.0', () => say('listening', { port: server.address().port }));

// The first process of a container ends by no signal that it does not handle; what hangs would hold it up.
process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  if (faults.mode === 'hang') server.closeAllConnections();
});
