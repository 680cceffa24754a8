// `helm test`: one event is taken and delivered. Runs by `node --eval` on the api's image, which has no other program.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

const { API_URL, API_KEY, DESTINATIONS = '', TIMEOUT_MS = '60000' } = process.env;
const destination = DESTINATIONS.split('=', 1)[0];
const headers = { 'content-type': 'application/json', ...(API_KEY ? { authorization: `Bearer ${API_KEY}` } : {}) };
const deadline = Date.now() + Number(TIMEOUT_MS);

// The pod is new, and nodes take a moment to learn that the network policies let it through: what gets no answer is asked again.
async function reach(path, init) {
  for (;;) {
    try {
      return await fetch(`${API_URL}${path}`, { ...init, signal: AbortSignal.timeout(5000) });
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await delay(500);
    }
  }
}

async function ask(path, init = {}) {
  const response = await reach(path, { ...init, headers: { ...headers, ...init.headers } });
  const body = await response.json();
  if (response.ok) return body;
  const hint =
    response.status === 401 ? '; the test takes the key from API_KEY of the Secret nines-api-key, which deploy/scripts/secret makes' : '';
  throw new Error(`the api answered ${response.status} ${body.code}: ${body.detail}${hint}`);
}

async function deliver() {
  const event = { destination, type: 'nines.test', data: { from: 'helm test' } };
  // Asked again, it is still one event.
  const { id } = await ask('/process', { method: 'POST', headers: { 'idempotency-key': randomUUID() }, body: JSON.stringify(event) });
  console.log(`taken as ${id}, for ${destination}`);
  let job;
  while (Date.now() < deadline) {
    job = await ask(`/jobs/${id}`);
    if (job.state === 'completed') return console.log(`delivered after ${job.failedAttempts ?? 0} failed attempts`);
    if (job.state === 'dead') throw new Error(`dead-lettered (${job.deadReason}): ${job.lastError}`);
    await delay(500);
  }
  throw new Error(`not delivered within ${TIMEOUT_MS} ms: it is ${job?.state}, last error: ${job?.lastError ?? 'none'}`);
}

try {
  await deliver();
} catch (error) {
  console.error(`helm test: ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
  process.exitCode = 1;
}
