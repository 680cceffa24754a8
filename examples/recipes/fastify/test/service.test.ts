import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { defineSlo, rolling } from '@nines/slo';
import { assertSlo } from '@nines/slo/matchers';

// What the service promises: of a hundred orders at least 99 are taken, whatever the warehouse does.
const availability = defineSlo({ name: 'availability', service: 'orders', objective: '99%', window: rolling('30d') });
const ORDERS = 400;

void test(
  'orders are taken within the objective and all are shipped, though the warehouse is down at first',
  { timeout: 240_000 },
  async (t) => {
    const shipped = new Set<string>();
    let calls = 0;
    const warehouse = createServer((request, response) => {
      calls += 1;
      const down = calls <= 10;
      if (!down) shipped.add(String(request.headers['idempotency-key']));
      request.resume();
      response.writeHead(down ? 503 : 204).end();
      warehouse.emit('called');
    });
    await once(warehouse.listen(0, '127.0.0.1'), 'listening');
    t.after(() => warehouse.close());
    const { port } = warehouse.address() as AddressInfo;

    const settings = { PORT: '0', PROBES_PORT: '0', NAMESPACE: `test-${process.pid}`, WAREHOUSE_URL: `http://127.0.0.1:${port}/shipments` };
    const service = spawn(process.execPath, ['src/service.ts'], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => service.kill('SIGKILL'));
    const exit = once(service, 'exit');
    const { url, probes } = await new Promise<Record<string, string>>((resolve, reject) => {
      exit.then(() => reject(new Error('the service did not start')), reject);
      createInterface(service.stdout).on('line', (text) => {
        const line = JSON.parse(text) as Record<string, string>;
        if (line['msg'] === 'listening') resolve(line);
      });
    });

    const numbers = Array.from({ length: ORDERS }, (_, n) => `order-${n}`);
    const take = async (number: string) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/orders`, { method: 'POST', headers, body: JSON.stringify({ number, sku: 'tea' }) });
      return response.status === 202;
    };
    const answers = await Promise.all(numbers.map(take));
    const taken = numbers.filter((_, n) => answers[n]);
    assertSlo({ total: ORDERS, bad: ORDERS - taken.length }, availability);

    while (taken.some((number) => !shipped.has(number))) await once(warehouse, 'called');
    const metrics = await (await fetch(`${probes}/metrics`)).text();
    assert.match(metrics, /resilience_circuit_breaker_transitions_total\{[^}]*to="open"[^}]*\} 1/);

    service.kill('SIGTERM');
    assert.deepEqual(await exit, [0, null]);
  },
);
