import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { ChaosSwitch } from '../demo/chaos-switch.ts';
import { startConsole, type Console } from '../demo/console/console.ts';
import { createTraceStore } from '../demo/console/trace-store.ts';
import { noFaults, type Faults } from '../demo/faults.ts';
import { startSystem, type System } from '../demo/system.ts';
import { objectives } from '../src/objectives.ts';
import { deliveriesQueue, redisClient } from '../src/queue.ts';
import { newSecret, root, setFaults } from './harness.ts';

/** A system with a queue of its own, and its console. */
export interface Watched {
  readonly system: System;
  readonly console: Console;
  /** Stops both. */
  close(): Promise<void>;
}

/** Two workers, so that there are two breakers; one that opens tries again after half a second. */
export async function watchedSystem(redisUrl: string): Promise<Watched> {
  const traces = await createTraceStore();
  const queue = {
    namespace: `test-${randomUUID()}`,
    leaseMs: 1000,
    maxWaiting: 10_000,
    maxEventBytes: 10_000,
    retryMinMs: 50,
    retryMaxMs: 500,
  };
  const env = { QUEUE_NAMESPACE: queue.namespace, LEASE_MS: '1000', RETRY_MIN_MS: '50', RETRY_MAX_MS: '500', BREAKER_OPEN_MS: '500' };
  const system = await startSystem({ redisUrl, workers: 2, secret: newSecret(), env: { ...env, ...traces.env } });
  const redis = redisClient(redisUrl);
  const console = await startConsole({
    token: randomUUID(),
    port: 0,
    queue: deliveriesQueue(queue),
    redis,
    processes: () =>
      [system.api, ...system.workers].map((child) => ({ name: child.name, pid: child.pid, probesUrl: system.probesUrl(child) })),
    objectives,
    switches: [receiverSwitch(system, 500), receiverSwitch(system, 410)],
    traces,
  });
  return {
    system,
    console,
    async close() {
      await console.close();
      redis.disconnect();
      await system.stop('SIGKILL');
      await traces.close();
    },
  };
}

function receiverSwitch(system: System, status: number): ChaosSwitch {
  let on = false;
  return {
    id: `receiver-${status}`,
    title: `Receiver answers ${status}`,
    expect: 'What is delivered fails.',
    kind: 'switch',
    on: () => on,
    async set(wanted) {
      const faults: Faults = wanted ? { ...noFaults, mode: 'status', status } : noFaults;
      await setFaults(system, faults);
      on = wanted;
    },
  };
}

export interface Visit {
  readonly page: Page;
  /** What the browser refused or the page threw; nothing ever. */
  readonly complaints: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens the console by the address that the demo prints, and waits for the first figures. */
export async function visit(browser: Browser, console: Pick<Console, 'loginUrl'>, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript("document.addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective))");
  await page.goto(console.loginUrl);
  await page.getByText(/^Live, /).waitFor();
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** What axe finds serious or critical in the page as it is. */
export async function violations(page: Page): Promise<readonly string[]> {
  // Through the debugger's own world: the page's policy would refuse a script that is put into it.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(root, 'coverage', 'console');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
