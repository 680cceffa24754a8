import { onTestFinished } from 'vitest';
import { startPrometheus as start } from '../demo/prometheus/start.ts';

/** The demo's Prometheus, which scrapes these addresses four times a second; it ends with the test. */
export async function startPrometheus(program: string, targets: readonly string[]): Promise<string> {
  const prometheus = await start({ program, scrapeMs: 250 });
  onTestFinished(() => prometheus.stop());
  await prometheus.scrape(targets.map((url) => ({ name: 'example', url })));
  return prometheus.url;
}
