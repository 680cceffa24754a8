import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startChromium } from '../../../../tools/browser/chromium.ts';
import { onPath } from '../../../../tools/redis/machine.ts';
import { ROOT } from '../../../../tools/workspace/packages.ts';
import { startChild } from '../child.ts';

/** Run by hand with `npm run page:screenshots` when the board looks different: plays an outage in the real demo and writes the pictures of the README. */
const BYTES_MAX = 200_000;
const DESK = { width: 1360, height: 900 };

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(url);
  await page.getByText(/^Live, /).waitFor();
  return page;
}

async function write(page: Page, name: string): Promise<void> {
  const file = join(ROOT, 'docs', 'images', `example-console-${name}.png`);
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: file });
  if (onPath('pngquant') !== undefined) execFileSync('pngquant', ['--force', '--skip-if-larger', '--output', file, '128', file]);
  const { size } = statSync(file);
  if (size > BYTES_MAX) throw new Error(`${file} has ${size} bytes, at most ${BYTES_MAX}: install pngquant`);
  console.log(`wrote ${file}, ${size} bytes`);
}

const env = { QUEUE_NAMESPACE: `pictures-${randomUUID()}`, DESTINATIONS: '' };
const demo = startChild('demo', new URL('../main.ts', import.meta.url), env, ['--any-port', '--rate', '20']);
const browser = await startChromium();
try {
  const { text } = await demo.line((line) => line.text.startsWith('console '));
  const url = text.slice('console '.length).trim();
  const light = await open(browser, url, { viewport: DESK });
  const dark = await open(browser, url, { viewport: DESK, colorScheme: 'dark' });
  const phone = await open(browser, url, { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2 });
  const fault = light.getByRole('switch', { name: /500/ });
  await pause(25_000);
  await fault.click();
  await light
    .getByText(/BudgetBurn, page/)
    .first()
    .waitFor();
  await pause(10_000);
  await write(light, 'light');
  await write(phone, 'phone');
  await fault.click();
  await light.getByRole('heading', { level: 1, name: /^(Every event flows|It flows again)/ }).waitFor();
  await pause(8000);
  await write(dark, 'dark');
} finally {
  await browser.close();
  await demo.stop();
}
