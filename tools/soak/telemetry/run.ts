import { spawn } from 'node:child_process';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Collector } from './collector.ts';

/** What one stop at a random moment left. Every number but `answered` shall be 0. */
export interface StopResult {
  readonly answered: number;
  readonly refusedOrReset: number;
  readonly lostSpans: number;
  readonly lostLines: number;
  readonly lostSamples: number;
  /** Exit code other than 0, or a shutdown that was not clean. */
  readonly unclean: number;
}

/** The service that is stopped. */
export const SERVICE: string = fileURLToPath(new URL('service.ts', import.meta.url));
const inFlight = 8;

type Line = Readonly<Record<string, unknown>>;

/** Starts the service; its lines come as they are written. */
function startService(
  script: string,
  endpoint: string,
): {
  readonly lines: Line[];
  readonly listening: Promise<Line>;
  readonly exit: Promise<number | null>;
  readonly stop: () => void;
} {
  const env = {
    PATH: process.env['PATH'] ?? '',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_MAX_QUEUE_SIZE: '65536',
  };
  const child = spawn(process.execPath, ['--conditions=@nines/source', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Line[] = [];
  const first = Promise.withResolvers<Line>();
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Line);
    const listening = lines.find((line) => line['msg'] === 'listening');
    if (listening !== undefined) first.resolve(listening);
  });
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      first.reject(new Error(`the service ended with ${code} before it listened`));
      resolve(code);
    });
  });
  return { lines, listening: first.promise, exit, stop: () => void child.kill('SIGTERM') };
}

/** One request; true when it was answered. */
function ask(port: number, agent: Agent, turns: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, agent, headers: { 'x-turns': String(turns) } }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200)).once('error', () => resolve(false));
    }).once('error', () => resolve(false));
  });
}

/** As a load balancer: sends while the service is ready, and no more once it heard that it is not. */
async function load(
  listening: Line,
  afterRequests: number,
  stop: () => void,
  random: () => number,
): Promise<{ answered: number; failed: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const service = { ready: true };
  let [answered, failed] = [0, 0];
  const watch = (async () => {
    const url = `${String(listening['probes'])}/readyz`;
    while (service.ready) {
      const live = await fetch(url).catch(() => undefined);
      service.ready = live?.ok === true;
    }
  })();
  const client = async (): Promise<void> => {
    while (service.ready) {
      if (await ask(Number(listening['port']), agent, Math.floor(random() * 20))) answered += 1;
      else failed += 1;
      if (answered === afterRequests) stop();
    }
  };
  await Promise.all([watch, ...Array.from({ length: inFlight }, client)]);
  agent.destroy();
  return { answered, failed };
}

/** Starts a service, loads it, stops it after a random number of requests, and counts what is missing. */
export async function stopOnce(script: string, run: number, collector: Collector, random: () => number): Promise<StopResult> {
  const service = startService(script, `${collector.url}/${run}`);
  const { answered, failed } = await load(await service.listening, 1 + Math.floor(random() * 400), service.stop, random);
  const code = await service.exit;
  const count = (message: string): number => service.lines.filter((line) => line['msg'] === message).length;
  const samples = Number(service.lines.find((line) => line['msg'] === 'counted')?.['samples'] ?? 0);
  const complete = service.lines.find((line) => line['msg'] === 'shutdown complete');
  return {
    answered,
    refusedOrReset: failed,
    lostSpans: answered - collector.count(run),
    lostLines: answered - count('handled'),
    lostSamples: answered - samples,
    unclean: code === 0 && complete?.['clean'] === true ? 0 : 1,
  };
}
