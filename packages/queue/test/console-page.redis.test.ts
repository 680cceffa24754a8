import { randomUUID } from 'node:crypto';
import axe, { type AxeResults } from 'axe-core';
import { Redis } from 'ioredis';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createInspector, createProducer, defineQueue, type Queue } from '@nines/queue';
import { queueConsole, type ConsoleAccess } from '@nines/queue/console';
import { chromiumProgram, startChromium } from '../../../tools/browser/chromium.ts';
import { bury, listen, type Listening } from './console-harness.ts';

const absent = chromiumProgram === undefined;

let redis: Redis;
let browser: Browser | undefined;
beforeAll(async () => {
  redis = new Redis(inject('redisUrl'));
  browser = absent ? undefined : await startChromium();
});
afterAll(async () => {
  await browser?.close();
  redis.disconnect();
});

interface Visit {
  readonly page: Page;
  readonly queue: Queue<{ card: string }>;
  /** What the browser refused or the page threw; nothing ever. */
  readonly complaints: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens the console of one queue in a browser of its own, as somebody with this access. */
async function visit(name: string, access: ConsoleAccess, options: BrowserContextOptions = {}, before?: Before): Promise<Visit> {
  const queue = defineQueue<{ card: string }>({ name: `console-${name}-${randomUUID()}` });
  await before?.(queue);
  const handler = queueConsole([queue], { redis, authorize: () => access, refreshMs: 500 });
  const server: Listening = await listen(handler);
  const context: BrowserContext = await browser!.newContext({ viewport: { width: 1100, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript("document.addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective))");
  await page.goto(server.origin);
  await page.getByText('Live', { exact: true }).waitFor();
  return {
    page,
    queue,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
      await server[Symbol.asyncDispose]();
      await handler.close();
    },
  };
}

type Before = (queue: Queue<{ card: string }>) => Promise<void>;

const dead = (page: Page, count: number) => page.getByRole('link', { name: new RegExp(`^${count} dead`) });

/** What axe finds serious or critical in the page as it is. */
async function violations(page: Page): Promise<readonly string[]> {
  // Through the debugger's own world: the page's policy would refuse a script that is put into it.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

test.skipIf(absent)('the figures change by themselves while the page is open, the focus stays, and no policy is violated', async () => {
  await using seen = await visit('live', 'operate');
  const { page, queue } = seen;
  const waiting = (count: number) => page.getByRole('link', { name: `${count} waiting, ${queue.name}` });
  await waiting(0).focus();
  await using producer = createProducer(queue, { redis });
  await producer.enqueueMany([{ card: '1' }, { card: '2' }, { card: '3' }]);
  await waiting(3).waitFor();
  await expect.poll(() => page.locator('td[data-column=Backlog]').textContent()).toMatch(/^\+\d/);
  expect(await page.evaluate('document.activeElement.ariaLabel')).toBe(`3 waiting, ${queue.name}`);
  await using inspector = createInspector(queue, { redis });
  await inspector.pause();
  await page.getByRole('button', { name: `Resume ${queue.name}` }).waitFor();
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('a dead letter is redriven, another purged and the queue paused by the keyboard alone', async () => {
  const redriving: Before = (queue) => bury({ redis }, ['first', 'second', 'third'], 'card refused', queue);
  await using seen = await visit('keyboard', 'operate', {}, redriving);
  const { page, queue } = seen;
  const focused = () => page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent');
  /** Goes on with Tab until this has the focus, which everything that can be acted upon must get. */
  const tabTo = async (name: string) => {
    for (let step = 0; step < 40 && (await focused()) !== name; step += 1) await page.keyboard.press('Tab');
    expect(await focused()).toBe(name);
  };
  await tabTo(`3 dead, ${queue.name}`);
  await page.keyboard.press('Enter');
  await expect.poll(focused).toBe(`${queue.name}: dead jobs`);
  await tabTo('Redrive first');
  await page.keyboard.press('Enter');
  await expect.poll(focused).toBe('Redrive second');
  expect(await page.getByRole('status').last().textContent()).toBe('Redriven first');
  await tabTo('Purge second');
  await page.keyboard.press('Enter');
  await expect.poll(focused).toBe('Cancel');
  await page.keyboard.press('Escape');
  await expect.poll(focused).toBe('Purge second');
  await page.keyboard.press('Enter');
  await tabTo('Purge');
  await page.keyboard.press('Enter');
  await expect.poll(focused).toBe('Purge third');
  await dead(page, 1).waitFor();
  await page.keyboard.press('Home');
  await page.getByRole('heading', { level: 1 }).getByRole('link').focus();
  await tabTo(`Pause ${queue.name}`);
  await page.keyboard.press('Enter');
  await tabTo('Pause');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: `Resume ${queue.name}` }).waitFor();
  await using inspector = createInspector(queue, { redis });
  expect(await inspector.counts()).toMatchObject({ waiting: 1, dead: 1, paused: true });
  expect((await inspector.list('dead')).map(({ id }) => id)).toEqual(['third']);
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('all dead letters are redriven after a question, page by page they can be read before', async () => {
  const ids = Array.from({ length: 30 }, (_, at) => `job-${String(at).padStart(2, '0')}`);
  await using seen = await visit('all', 'operate', {}, (queue) => bury({ redis }, ids, 'card refused', queue));
  const { page, queue } = seen;
  await dead(page, 30).click();
  await page.getByRole('link', { name: 'job-24' }).waitFor();
  await page.getByRole('link', { name: 'Newer jobs' }).click();
  await page.getByRole('link', { name: 'job-29' }).waitFor();
  expect(await page.getByRole('link', { name: /^job-/ }).count()).toBe(5);
  await page.getByRole('button', { name: 'Redrive all' }).click();
  await page.getByRole('dialog', { name: 'Redrive 30 dead letters?' }).getByRole('button', { name: 'Redrive all' }).click();
  await page.getByText('Redriven 30 dead letters').waitFor();
  await page.getByRole('link', { name: `30 waiting, ${queue.name}` }).waitFor();
  expect(seen.complaints).toEqual([]);
});

const hostile = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>"\'`${1}';

test.skipIf(absent)('hostile payloads, ids and errors are shown as they are and never run', async () => {
  const id = '<svg/onload=alert(1)>"\'&queue=x#';
  const hostileJob: Before = async (queue) => {
    await bury({ redis }, [id], hostile, queue);
    await using producer = createProducer(queue, { redis });
    await producer.enqueue({ card: hostile }, { id: `waiting-${id}` });
  };
  await using seen = await visit('hostile', { role: 'operate', payloads: true }, {}, hostileJob);
  const { page } = seen;
  await dead(page, 1).click();
  await page.getByText(hostile).waitFor();
  await page.getByRole('link', { name: id, exact: true }).click();
  await page.getByRole('heading', { name: `Job ${id}`, exact: true }).waitFor();
  expect(await page.locator('dd', { hasText: 'onerror' }).textContent()).toBe(`DeadLetterError: ${hostile}`);
  await page.getByRole('button', { name: 'Redrive' }).click();
  await page.getByText(`Redriven ${id}`).waitFor();
  await page.getByRole('link', { name: /^2 waiting/ }).click();
  await page.getByRole('link', { name: `waiting-${id}`, exact: true }).click();
  await page.getByRole('heading', { name: `Job waiting-${id}`, exact: true }).waitFor();
  expect(JSON.parse((await page.locator('pre').textContent()) ?? '')).toEqual({ card: hostile });
  expect(await page.title()).not.toBe('owned');
  expect(await page.locator('main img, main script, main svg:not(.curve)').count()).toBe(0);
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('who may only read is offered no action, and sees no payload', async () => {
  await using seen = await visit('read', 'read', {}, (queue) => bury({ redis }, ['a'], 'card refused', queue));
  const { page } = seen;
  await dead(page, 1).click();
  await page.getByText('card refused').waitFor();
  expect(await page.getByRole('button').allTextContents()).toEqual(['Reload']);
  await page.getByRole('link', { name: 'a', exact: true }).click();
  await page.getByText('Payloads are not shown to you.').waitFor();
  expect(await page.content()).not.toContain('4111');
});

test.skipIf(absent)('a server that goes away is told of, and the page goes on when it is back', async () => {
  await using seen = await visit('away', 'read');
  const { page } = seen;
  await page.route('**/api/state', (route) => route.abort());
  await page.getByText(/^No answer since/).waitFor();
  await page.unroute('**/api/state');
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await page.getByText('trying again').count()).toBe(0);
});

test.skipIf(absent).each([
  ['light, on a desk', {}],
  ['dark, on a desk', { colorScheme: 'dark' }],
  ['light, on a phone', { viewport: { width: 360, height: 740 } }],
  ['dark, on a phone', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
] as const)('%s: nothing is serious or critical to axe, nothing is wider than the page, at every place', async (name, options) => {
  const long = `${'x'.repeat(60)} ${'long words '.repeat(40)}`;
  const ids = ['i'.repeat(128), 'short'];
  const access = { role: 'operate', payloads: true } as const;
  await using seen = await visit(name.replaceAll(/\W+/g, '-'), access, options, (queue) => bury({ redis }, ids, long, queue));
  const { page } = seen;
  const check = async (place: string) => {
    expect(await violations(page), place).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), place).toBe(0);
  };
  await check('overview');
  const dark = 'colorScheme' in options;
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(dark ? 'rgb(20, 24, 29)' : 'rgb(255, 255, 255)');
  await dead(page, 2).click();
  await page.getByText('as of').waitFor();
  await check('dead letters');
  await page.getByRole('button', { name: 'Purge all' }).click();
  await page.getByRole('dialog').waitFor();
  await check('question');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'short' }).click();
  await page.getByRole('heading', { name: 'Payload' }).waitFor();
  await check('job');
  expect(seen.complaints).toEqual([]);
});
