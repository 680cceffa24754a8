import { chromium, type Browser } from 'playwright-core';
import { onPath } from '../redis/machine.ts';

/** The Chromium of this machine; undefined where there is none, and tests that need it are skipped and counted. */
export const chromiumProgram: string | undefined = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  .map(onPath)
  .find((program) => program !== undefined);

/** Starts it without a window. */
export async function startChromium(): Promise<Browser> {
  if (chromiumProgram === undefined) throw new Error('there is no Chromium here: apt-get install chromium');
  // Chromium refuses its sandbox to root, which is who runs tests in a container.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: chromiumProgram, args });
}
