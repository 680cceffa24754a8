import type { ResolvedQueueOptions } from '../options.ts';

/** Version of the key layout, kept in `meta`; another version is refused. See docs/keys.md. */
export const LAYOUT = '1';

const names = [
  'jobs',
  'waiting',
  'suspects',
  'holders',
  'held',
  'delayed',
  'failures',
  'dead',
  'completed',
  'schedules',
  'ticks',
  'meta',
  'events',
  'lifecycle',
  'results',
  'results_at',
  'progress',
  'cancelled',
  'dedup',
  'dedup_ids',
  'dedup_until',
  'places',
] as const;

/** The last part of a key's name. `held` is a prefix: the holder's token follows it; `events` and `lifecycle` are channels, `schedules` one too.
 * Scripts make the names of what few queues use by themselves, so that no call pays for carrying them; those of classes and groups
 * (`waiting:<class>`, `group:<id>`, `turns`, `flying`) are known to them alone. */
export type KeyName = (typeof names)[number];

/** What all keys of a queue begin with. */
export function keyPrefix({ namespace, name, partition }: ResolvedQueueOptions): string {
  return `{nines:${namespace}:${partition}}:${name}:`;
}

/** All keys of a partition share one hash tag, so that every script runs in one slot of a Cluster. */
export function queueKeys(queue: ResolvedQueueOptions): Readonly<Record<KeyName, string>> {
  const prefix = keyPrefix(queue);
  const entries = names.map((key) => [key, `${prefix}${key}${key === 'held' ? ':' : ''}`]);
  return Object.freeze(Object.fromEntries(entries) as Record<KeyName, string>);
}
