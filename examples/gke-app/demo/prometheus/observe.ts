import { ruleGroups, type RuleGroup } from '@nines/slo/prometheus';
import type { CompressedClock } from '../slo-clock.ts';
import type { System } from '../system.ts';
import { startPrometheus, type RunningPrometheus, type Target } from './start.ts';

/** Starts a Prometheus with the rules of these objectives, and with further `groups`, which follows the system's processes as they come and go. */
export async function observe(
  system: System,
  { objectives, countWindow }: CompressedClock,
  options: { readonly program: string; readonly folder: string; readonly groups?: readonly RuleGroup[] },
): Promise<RunningPrometheus> {
  const groups = [...objectives.flatMap((slo) => ruleGroups(slo, { countWindow })), ...(options.groups ?? [])];
  const prometheus = await startPrometheus({ ...options, groups });
  const targets = (): Target[] => [system.api, ...system.workers].map((child) => ({ name: child.name, url: system.probesUrl(child) }));
  // Who is scraped late is not worth ending for; at the start it is.
  system.onChange(() => void prometheus.scrape(targets()).catch(() => {}));
  try {
    await prometheus.scrape(targets());
  } catch (error) {
    await prometheus.stop();
    throw error;
  }
  return prometheus;
}
