import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { serve } from './serve.ts';

/**
 * Callers and the load balancer before them, at its address: requests at a steady rate, each to the next backend whose `/readyz` says 200. It hears of a
 * leaving pod in no other way.
 */
interface Backend {
  readonly name: string;
  readonly ip: string;
  readonly agent: Agent;
  ready: boolean;
}

/** What became of the requests. */
interface Account {
  sent: number;
  /** Ids of what was answered 202. */
  readonly accepted: string[];
  /** Other answers, by status and code. */
  readonly refused: Record<string, number>;
  /** What was broken off without an answer. */
  readonly failed: Record<string, number>;
}

const PROBE_EVERY_MS = 100;
/** So many requests without an answer, and the next one waits. */
const OPEN_MAX = 64;
const ANSWER_WITHIN_MS = 30_000;
/** What a load balancer itself answers when no backend is ready. */
const NONE_READY = '503 of the load balancer';

const backends = new Map<string, Backend>();
const open = new Set<Promise<void>>();
let turn = 0;
let apiKey = '';
let account: Account = emptyAccount();
let timer: NodeJS.Timeout | undefined;
let waiting: { readonly sent: number; readonly resolve: () => void }[] = [];

function emptyAccount(): Account {
  return { sent: 0, accepted: [], refused: {}, failed: {} };
}

/** One question after the other, so that no late answer overtakes a newer one. */
async function watch(backend: Backend): Promise<void> {
  while (backends.get(backend.name) === backend) {
    await probe(backend);
    await pause(PROBE_EVERY_MS);
  }
}

async function probe(backend: Backend): Promise<void> {
  const answer = await fetch(`http://${backend.ip}:9464/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(() => undefined);
  await answer?.body?.cancel();
  backend.ready = answer?.status === 200;
}

async function add({ name, ip }: { readonly name: string; readonly ip: string }): Promise<void> {
  const backend: Backend = { name, ip, agent: new Agent({ keepAlive: true }), ready: false };
  backends.set(name, backend);
  await probe(backend);
  void watch(backend);
}

function remove(name: string): void {
  backends.get(name)?.agent.destroy();
  backends.delete(name);
}

async function post(backend: Backend, body: string): Promise<{ readonly status: number; readonly id: string; readonly code?: string }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const options = { agent: backend.agent, method: 'POST', headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
  const sent = request(`http://${backend.ip}:8080/process?destination=subscriber`, options);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { id, code = '' } = (await json(response)) as { id: string; code?: string };
  return { status: response.statusCode ?? 0, id, code };
}

async function send(number: number): Promise<void> {
  const ready = [...backends.values()].filter((backend) => backend.ready);
  const backend = ready[(turn += 1) % ready.length];
  try {
    if (backend === undefined) {
      count(account.refused, NONE_READY);
      return;
    }
    const { status, id, code } = await post(backend, JSON.stringify({ number }));
    if (status === 202) account.accepted.push(id);
    else count(account.refused, `${status} ${code}`);
  } catch (error) {
    count(account.failed, `${(error as NodeJS.ErrnoException).code ?? String(error)} from ${backend?.name}`);
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function sendOne(): void {
  account.sent += 1;
  const sending = send(account.sent).finally(() => open.delete(sending));
  open.add(sending);
  for (const one of waiting) if (account.sent >= one.sent) one.resolve();
  waiting = waiting.filter(({ sent }) => account.sent < sent);
}

/** Sends what is due, as far as there is room: a machine that cannot keep up sends more slowly, and never all at once what it has missed. */
function start({ perSecond, key }: { readonly perSecond: number; readonly key: string }): void {
  apiKey = key;
  account = emptyAccount();
  const everyMs = 1000 / perSecond;
  let dueMs = performance.now();
  const tick = () => {
    const now = performance.now();
    for (dueMs = Math.max(dueMs, now - OPEN_MAX * everyMs); dueMs <= now && open.size < OPEN_MAX; dueMs += everyMs) sendOne();
    timer = setTimeout(tick, Math.max(1, dueMs - performance.now()));
  };
  tick();
}

serve({
  add,
  remove,
  start,
  /** Resolves once so many more have been sent. */
  more: (requests: number) => new Promise<void>((resolve) => void waiting.push({ sent: account.sent + requests, resolve })),
  async stop(): Promise<Account> {
    clearTimeout(timer);
    await Promise.all(open);
    return account;
  },
});
