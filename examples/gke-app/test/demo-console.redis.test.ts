import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { chromiumProgram, startChromium } from '../../../tools/browser/chromium.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { startChild, type Child } from '../demo/child.ts';
import { createTraceStore } from '../demo/console/trace-store.ts';
import { visit } from './console-harness.ts';

const main = new URL('../demo/main.ts', import.meta.url);

/** The demo as `npm run demo` starts it, and the address of its console as it prints it. */
async function demo(env: Readonly<Record<string, string>> = {}): Promise<{ readonly child: Child; readonly loginUrl: string }> {
  const own = { REDIS_URL: inject('redisUrl'), QUEUE_NAMESPACE: `test-${randomUUID()}`, DESTINATIONS: '', WEBHOOK_SECRET: '' };
  const child = startChild('demo', main, { ...own, ...env }, ['--any-port', '--rate', '20']);
  onTestFinished(() => void child.stop('SIGKILL'));
  const { text } = await child.line((line) => line.text.startsWith('console '));
  return { child, loginUrl: text.slice('console '.length).trim() };
}

test.skipIf(chromiumProgram === undefined)(
  'on the board of the real demo the delivery alert fires, the breakers open and close, and another worker comes for a killed one',
  async ({ skip }) => {
    if (onPath('prometheus') === undefined) skip('prometheus is missing: install the package prometheus of your system');
    const { child, loginUrl } = await demo();
    const browser = await startChromium();
    onTestFinished(() => browser.close());
    await using seen = await visit(browser, { loginUrl });
    const { page } = seen;
    const lanes = page.getByRole('list', { name: 'Workers and their circuit breakers' });
    const fault = page.getByRole('switch', { name: 'Receiver answers 500' });
    await page.getByText('As the generated rules see it, from Prometheus. Mind the compressed SLO clock').waitFor();
    await page.getByRole('region', { name: 'Traces' }).getByRole('button', { name: 'POST /process' }).first().waitFor();
    await fault.click();
    await lanes.getByText('open', { exact: true }).first().waitFor();
    await page.getByRole('region', { name: 'Alerts' }).getByText('DeliveryBudgetBurn, page').first().waitFor();
    await page.getByRole('list', { name: 'Alerting' }).getByText('DeliveryBudgetBurn').waitFor();
    await fault.click();
    await lanes.getByText('closed', { exact: true }).nth(1).waitFor();

    await page.getByRole('button', { name: 'Kill a worker' }).click();
    const log = page.getByRole('list', { name: 'What happened' });
    await log.getByText(/^worker \d+ is gone$/).waitFor();
    await log
      .getByText(/^worker \d+ answers$/)
      .first()
      .waitFor();
    await lanes.getByText('closed', { exact: true }).nth(1).waitFor();
    expect(seen.complaints).toEqual([]);
    expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
  },
);

test('where the environment names an endpoint for traces they go there, and the console says so', async () => {
  const theirs = await createTraceStore();
  onTestFinished(() => theirs.close());
  const { child, loginUrl } = await demo(theirs.env);
  await expect.poll(() => theirs.recent('newest', 1).length).toBe(1);
  const login = await fetch(loginUrl, { redirect: 'manual' });
  const stream = await fetch(new URL('/api/stream', loginUrl), {
    headers: { cookie: login.headers.get('set-cookie')?.split(';')[0] ?? '' },
  });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!/event: greeting\ndata: .*\n/.test(text)) text += (await reader.read()).value ?? '';
  expect(text).toContain(`"tracesNote":"Traces go to ${theirs.url}, which the environment names."`);
  await reader.cancel();
  expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
});
