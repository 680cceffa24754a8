import { fork } from 'node:child_process';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('server-process.ts', import.meta.url));
const inFlight = 16;

/** Sends `count` requests over kept connections. */
async function load(port: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  let left = count;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', agent, path: '/' }, (response) => response.resume().once('end', resolve)).once('error', reject);
    });
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  agent.destroy();
}

/** CPU microseconds of a server for one request. */
export async function costOfRequest(kind: string, count: number): Promise<number> {
  const child = fork(script, [kind, String(count)], {
    execArgv: ['--conditions=@nines/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { port } = await new Promise<{ port: number }>((resolve) => void child.once('message', resolve as never));
  await load(port, Math.min(count, 2000));
  child.send('begin');
  await load(port, count);
  const measured = new Promise<{ micros: number }>((resolve) => void child.once('message', resolve as never));
  child.send('end');
  return (await measured).micros;
}
