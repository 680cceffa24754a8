import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { chromiumProgram, startChromium } from '../../../tools/browser/chromium.ts';
import { screenshot, violations, visit, watchedSystem, type Watched } from './console-harness.ts';
import { allDelivered, deliveredIds, postEvent } from './harness.ts';

const absent = chromiumProgram === undefined;

let watched: Watched;
let browser: Browser;
beforeAll(async () => {
  if (absent) return;
  [watched, browser] = await Promise.all([watchedSystem(inject('redisUrl')), startChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await watched?.close();
});

const send = async (count: number): Promise<string[]> =>
  (await Promise.all(Array.from({ length: count }, (_, n) => postEvent(watched.system.apiUrl, { n })))).map(String);
const chaos = (page: Page, status: number) => page.getByRole('switch', { name: `Receiver answers ${status}` });
const lanes = (page: Page, state: string) =>
  page.getByRole('list', { name: 'Workers and their circuit breakers' }).getByText(state, { exact: true });
/** An open breaker closes when a call finds that the receiver is back: with nothing to deliver it stays as it is. */
async function bothClosed(page: Page): Promise<void> {
  const closed = async () => {
    const count = await lanes(page, 'closed').count();
    if (count < 2) await send(4);
    return count;
  };
  await expect.poll(closed, { interval: 250 }).toBe(2);
}
const headline = (page: Page, text: string | RegExp) => page.getByRole('heading', { level: 1, name: text });
const letters = (page: Page) => page.getByRole('region', { name: 'Dead letters' });
const focused = (page: Page) => page.evaluate<string>('(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim()');

/** Goes on with Tab until this has the focus, which everything that can be acted upon must get. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const there = async () => (typeof name === 'string' ? (await focused(page)) === name : name.test(await focused(page)));
  for (let step = 0; step < 80 && !(await there()); step += 1) await page.keyboard.press('Tab');
  expect(await focused(page)).toMatch(name);
}

test.skipIf(absent)('the figures are live: what is sent is accepted and delivered on screen, and nothing is complained of', async () => {
  await using seen = await visit(browser, watched.console);
  const { page } = seen;
  await bothClosed(page);
  const figure = (name: string) => page.locator('.station', { has: page.getByRole('heading', { name }) }).locator('b');
  await expect.poll(() => figure('Accepted').textContent()).toBe('0');
  const ids = await send(30);
  await expect.poll(async () => Number(await figure('Accepted').textContent())).toBeGreaterThan(0);
  await expect.poll(async () => Number(await figure('Delivered').textContent())).toBeGreaterThan(0);
  await allDelivered(watched.system.receiver, ids);
  const accepts = page.getByRole('row', { name: /^Accept/ }).getByRole('cell');
  await expect.poll(() => accepts.first().textContent()).toMatch(/\d+ (ms|s)$/);
  await expect.poll(() => page.getByRole('region', { name: 'Error budgets' }).getByText('100 % left').count()).toBeGreaterThan(0);
  expect(await page.getByText(/since they started/).count()).toBe(1);
  await screenshot(page, 'light');
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('a switch that is flipped by the keyboard alone opens the breakers on screen, and closes them again', async () => {
  await using seen = await visit(browser, watched.console);
  const { page } = seen;
  await bothClosed(page);
  await tabTo(page, 'To the switches');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Receiver answers 500');
  await page.keyboard.press('Space');
  await expect.poll(() => chaos(page, 500).getAttribute('aria-checked')).toBe('true');
  const ids = await send(60);
  await headline(page, 'The circuit to receiver is open.').waitFor();
  await lanes(page, 'open').first().waitFor();
  await page
    .getByRole('list', { name: 'What happened' })
    .getByText(/^Breaker of receiver in worker \d+: open$/)
    .first()
    .waitFor();
  expect(await page.getByRole('status').textContent()).toMatch(
    /The circuit to receiver is open|Receiver answers 500: on|Probing|Deliveries fail/,
  );
  await screenshot(page, 'broken');
  expect(await focused(page)).toBe('Receiver answers 500');
  await page.keyboard.press('Space');
  await allDelivered(watched.system.receiver, ids);
  await bothClosed(page);
  await expect.poll(() => headline(page, /^(Quiet|Every event)/).count()).toBe(1);
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('dead letters come with their reason and are redriven one by one and all at once', async () => {
  await using seen = await visit(browser, watched.console);
  const { page } = seen;
  await chaos(page, 410).click();
  await expect.poll(() => chaos(page, 410).getAttribute('aria-checked')).toBe('true');
  const ids = await send(7);
  await letters(page).getByText('2 more behind them').waitFor();
  expect(await letters(page).getByText('rejected after 1 attempt: DeadLetterError: receiver answered 410').count()).toBe(5);
  await chaos(page, 410).click();
  await expect.poll(() => chaos(page, 410).getAttribute('aria-checked')).toBe('false');
  const redrive = letters(page).getByRole('button', { name: /^Redrive [^a]/ });
  const first = (await redrive.first().getAttribute('aria-label'))?.replace('Redrive ', '') ?? '';
  await redrive.first().click();
  await allDelivered(watched.system.receiver, [first]);
  await expect.poll(() => focused(page)).toBe('Redrive all');
  await page.keyboard.press('Enter');
  await allDelivered(watched.system.receiver, ids);
  await letters(page).getByText(/^None/).waitFor();
  await expect.poll(() => focused(page)).toBe('Dead letters');
  await page.getByText('Redriven: 6 dead letters').first().waitFor();
  expect(
    deliveredIds(watched.system.receiver)
      .filter((id) => ids.includes(id))
      .toSorted(),
  ).toEqual(ids.toSorted());
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('the waterfall of an event shows its way through the processes and its retry, by the keyboard', async () => {
  await using seen = await visit(browser, watched.console);
  const { page } = seen;
  await chaos(page, 500).click();
  await expect.poll(() => chaos(page, 500).getAttribute('aria-checked')).toBe('true');
  const [id = ''] = await send(1);
  await Promise.any(
    watched.system.workers.map((worker) => worker.line(({ fields }) => fields['jobId'] === id && fields['msg'] === 'not delivered')),
  );
  await chaos(page, 500).click();
  await allDelivered(watched.system.receiver, [id]);
  await tabTo(page, /^(Redrive|Trace|All of them|newest)/i);
  await page.getByRole('radio', { name: 'Newest' }).focus();
  await page.keyboard.press('ArrowRight');
  expect(await page.getByRole('radio', { name: 'Failed or tried again' }).isChecked()).toBe(true);
  const rows = page.getByRole('list', { name: 'Recent traces' }).getByRole('button');
  await expect.poll(() => rows.first().textContent()).toMatch(/POST \/process.*[2-9] attempts · recovered/);
  await tabTo(page, /^POST \/process/);
  await page.keyboard.press('Enter');
  const spans = page.getByRole('list', { name: 'Spans of POST /process' });
  const chain = ['apiPOST /process', 'apisend deliveries', 'workerprocess deliveries', 'workerPOST', 'receiverPOST /hooks'];
  await expect
    .poll(async () => (await spans.locator('.span-name').allTextContents()).map((name) => name.replace(/(attempt \d+|failed)/g, '')))
    .toEqual(expect.arrayContaining(chain));
  expect(await spans.getByText('attempt 2').count()).toBe(1);
  const retry = spans.locator('details', { has: page.getByText('attempt 2') });
  await retry.locator('summary').focus();
  await page.keyboard.press('Enter');
  await retry.getByText('waited in the queue').waitFor();
  expect(await retry.getByText(id, { exact: true }).isVisible()).toBe(true);
  await screenshot(page, 'waterfall');
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('the queue’s own console is behind the same login, one link away and one back', async () => {
  await using seen = await visit(browser, watched.console);
  const { page } = seen;
  await page.getByRole('link', { name: 'Queues', exact: true }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/queues/');
  expect(await page.getByRole('link', { name: /completed, test-.*\/deliveries$/ }).count()).toBe(1);
  await page.getByRole('link', { name: 'Board', exact: true }).click();
  await page.waitForURL((url) => url.pathname === '/');
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent).each([
  ['light, on a desk', {}],
  ['dark, on a desk', { colorScheme: 'dark' }],
  ['light, on a tablet', { viewport: { width: 900, height: 1100 } }],
  ['dark, on a phone, without motion', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', reducedMotion: 'reduce' }],
] as const)('%s: calm and broken, nothing is serious to axe and nothing is wider than the page', async (name, options) => {
  await using seen = await visit(browser, watched.console, options);
  const { page } = seen;
  const check = async (state: string) => {
    expect(await violations(page), state).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), state).toBe(0);
  };
  await bothClosed(page);
  expect(await page.evaluate('getComputedStyle(document.querySelector("main")).backgroundColor')).toBe(
    name.startsWith('dark') ? 'rgb(17, 25, 26)' : 'rgb(255, 255, 255)',
  );
  await check('calm');
  await chaos(page, 410).click();
  const buried = await send(2);
  await letters(page).getByRole('button', { name: 'Redrive all' }).waitFor();
  await chaos(page, 410).click();
  await chaos(page, 500).click();
  const ids = await send(40);
  await lanes(page, 'open').first().waitFor();
  await page.getByRole('radio', { name: 'Failed or tried again' }).check();
  await page.getByRole('list', { name: 'Recent traces' }).getByRole('button').first().click();
  await page
    .getByRole('list', { name: /^Spans of/ })
    .locator('summary')
    .first()
    .click();
  await check('broken');
  await screenshot(page, name.replaceAll(/\W+/g, '-'));
  await chaos(page, 500).click();
  await letters(page).getByRole('button', { name: 'Redrive all' }).click();
  await allDelivered(watched.system.receiver, [...ids, ...buried]);
  await bothClosed(page);
  expect(seen.complaints).toEqual([]);
});

test.skipIf(absent)('a console that does not answer is told of, and the page goes on when it is back', async () => {
  await using seen = await visit(browser, watched.console);
  const { page } = seen;
  await page.route('**/api/stream', (route) => route.abort());
  // What a laptop does that is closed and opened again: the stream is asked for anew.
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.getByText(/^No answer since/).waitFor();
  expect(await page.getByRole('status').textContent()).toBe('The console does not answer; trying again');
  await page.unroute('**/api/stream');
  await page.getByText(/^Live, /).waitFor();
});
