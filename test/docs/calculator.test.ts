import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  alertsOf,
  allowedDowntime,
  burnRate,
  defineSlo,
  detectionTime,
  errorBudget,
  googleSre,
  periodErrorRatio,
  rolling,
  timeToExhaustion,
} from '@nines/slo';
import { chromiumProgram, startChromium } from '../../tools/browser/chromium.ts';
import { CALCULATOR, writeCalculator } from '../../tools/docs/calculator.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import { serveFolder } from './static-server.ts';

const absent = chromiumProgram === undefined;
const folder = mkdtempSync(join(tmpdir(), 'calculator-'));
let browser: Browser | undefined;
let site: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
  await writeCalculator(ROOT, folder);
  site = await serveFolder(folder);
  browser = absent ? undefined : await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page in a browser of its own; what the browser refuses or the page throws fails the test. */
async function open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser!.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript("document.addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective))");
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  await page.goto(`${site.origin}/${CALCULATOR}/${hash}`);
  await page.locator('#promised:not([hidden]), .fault:not(:empty)').first().waitFor();
  return page;
}

async function valueOf(page: Page, id: string): Promise<number> {
  return Number(await page.locator(`#${id}`).getAttribute('value'));
}

test.skipIf(absent).each([
  ['99.9%', '30d', '10000', '150'],
  ['99.95%', '28d', '3', '1'],
  ['0.99', '90d', '1e6', '10000'],
  ['99.9%', '30d', '10000', '144'],
  ['99.999%', '7d', '12.5', '0'],
])('objective %s over %s, %s events, %s bad: every number is that of the package', async (objective, window, total, bad) => {
  const page = await open(`#${new URLSearchParams({ objective, window, total, bad }).toString()}`);
  const slo = defineSlo({ name: 'a', service: 'b', objective, window: rolling(window), alerting: googleSre() });
  const events = { total, bad };
  const { allowed, remaining } = errorBudget(slo, events);
  const wanted = {
    'budget-ratio': slo.budget,
    downtime: allowedDowntime(slo),
    'error-ratio': periodErrorRatio([events]),
    'burn-rate': burnRate(slo, events),
    exhaustion: timeToExhaustion(slo, events),
    allowed,
    remaining,
  };
  for (const [id, value] of Object.entries(wanted)) expect(await valueOf(page, id), id).toBe(value);
  const errorRatio = periodErrorRatio([events]);
  const seconds = alertsOf(slo).map(({ factor, longWindow }) => detectionTime(slo, { errorRatio, factor, longWindow }));
  expect(await page.locator('#alerts td:last-child').evaluateAll((cells) => cells.map((cell) => Number(cell.dataset['seconds'])))).toEqual(
    seconds,
  );
  expect(await page.locator('#alerts tr.fires').count()).toBe(seconds.filter(Number.isFinite).length);
});

test.skipIf(absent)('what is typed is in the address, and the address opens the same', async () => {
  const page = await open();
  await page.getByLabel('Objective', { exact: true }).fill('99.99%');
  await page.getByLabel('Rolling window').fill('7d');
  await page.getByLabel('Events', { exact: true }).fill('2000');
  await page.getByLabel('Bad events among them').fill('1');
  const hash = await page.evaluate<string>('location.hash');
  expect(hash).toBe('#objective=99.99%25&window=7d&total=2000&bad=1');
  expect(await valueOf(page, 'burn-rate')).toBe(5);
  expect(await page.locator('#exhaustion').textContent()).toBe('1 d 9 h');
  expect(await page.locator('#remaining').textContent()).toBe('0.8 too many');
  const again = await open(hash);
  expect(await again.getByLabel('Objective', { exact: true }).inputValue()).toBe('99.99%');
  expect(await valueOf(again, 'burn-rate')).toBe(5);
  await again.evaluate("location.hash = '#objective=99%25&total=100&bad=3'");
  await expect.poll(() => valueOf(again, 'burn-rate')).toBe(3);
  expect(await again.getByLabel('Rolling window').inputValue()).toBe('30d');
});

function message(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

const refusal = (objective: string) => message(() => defineSlo({ name: 'a', service: 'b', objective, window: rolling('30d') }));

test.skipIf(absent).each([
  ['Objective', 'objective', '100%', () => refusal('100%')],
  ['Objective', 'objective', '99,9', () => refusal('99,9')],
  ['Rolling window', 'window', '30', () => message(() => rolling('30'))],
  ['Events', 'total', 'many', () => message(() => periodErrorRatio([{ total: 'many', bad: '150' }]))],
  ['Bad events among them', 'bad', '20000', () => message(() => periodErrorRatio([{ total: '10000', bad: '20000' }]))],
  ['Bad events among them', 'bad', '<img src=x>', () => message(() => periodErrorRatio([{ total: '10000', bad: '<img src=x>' }]))],
])("%s: %s of %s is refused beside it in the package's own words", async (label, id, value, why) => {
  const page = await open();
  const field = page.getByLabel(label, { exact: true });
  await field.fill(value);
  expect(await page.locator(`#${id}-fault`).textContent()).toBe(why());
  expect(await page.locator('.fault:not(:empty)').count()).toBe(1);
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  expect(await page.locator('#measured').isVisible()).toBe(false);
  await field.fill({ objective: '99%', window: '30d', total: '10000', bad: '150' }[id] ?? '');
  expect(await page.locator('.fault:not(:empty)').count()).toBe(0);
  expect(await page.locator('#measured').isVisible()).toBe(true);
});

test.skipIf(absent).each([
  ['#objective=90%25', 'can never fire for an objective of 90%'],
  ['#objective=99%25&window=2d', "longWindow must be at most the objective's window (2d), got 3d"],
])('%s: an alert that the objective cannot have says why, the others are there', async (hash, why) => {
  const page = await open(hash);
  expect(await page.locator('#alerts td[colspan]').textContent()).toContain(why);
  expect(await page.locator('#alerts tr').count()).toBe(4);
});

test.skipIf(absent).each([
  ['light, on a desk', {}],
  ['dark, on a desk', { colorScheme: 'dark' }],
  ['light, on a phone', { viewport: { width: 360, height: 740 } }],
  ['dark, on a phone', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
] as const)('%s: nothing is serious or critical to axe, nothing is wider than the page', async (_name, options) => {
  for (const hash of ['', '#objective=1&window=x&total=-1&bad=x', '#objective=90%25&window=2d']) {
    const page = await open(hash, options);
    // Through the debugger's own world: the page's policy would refuse a script that is put into it.
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    expect(
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
    ).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0);
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe('colorScheme' in options ? 'rgb(20, 24, 29)' : 'rgb(255, 255, 255)');
  }
});

test.skipIf(absent)('the policy refuses what is not of the site', async () => {
  await using context = await browser!.newContext();
  const page = await context.newPage();
  await page.goto(`${site.origin}/${CALCULATOR}/`);
  const refused = await page.evaluate(`new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective), { once: true });
    const image = document.createElement('img');
    image.src = 'https://example.com/pixel.png';
    document.body.append(image);
  })`);
  expect(refused).toBe('img-src');
});
