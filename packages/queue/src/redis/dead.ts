import type { ResolvedQueueOptions } from '../options.ts';
import type { DeadLetters, Store } from '../store.ts';
import type { KeyName } from './keys.ts';
import { deadPage, text, verdictsOf, type RawDeadPage } from './replies.ts';
import type { RunScript } from './script.ts';
import { add_dead, page_dead, purge, redrive, type Script } from './scripts.gen.ts';

interface DeadOptions {
  readonly queue: ResolvedQueueOptions;
  readonly run: RunScript;
  readonly offsetMs: () => number;
}

/** Later than every time. */
const ALWAYS = Number.MAX_SAFE_INTEGER;

/** The verbs of dead letters. */
export function createDead({ queue, run, offsetMs }: DeadOptions): Pick<Store, 'addDead' | 'pageDead' | 'purge' | 'redrive'> {
  const take = async <Key extends KeyName>(script: Script<Key>, { ids = [], limit = 0 }: DeadLetters, untilMs = ALWAYS) => {
    const reply = (await run(script, [offsetMs(), untilMs, limit, ...ids])) as [number, Buffer[]];
    return reply[1].map(text);
  };
  return {
    async pageDead(after, limit) {
      const { atMs = 0, id = '' } = after ?? {};
      return deadPage((await run(page_dead, [offsetMs(), atMs, id, limit])) as RawDeadPage, after, limit);
    },

    redrive: (which, untilMs) => take(redrive, which, untilMs),
    purge: (which, untilMs) => take(purge, which, untilMs),

    async addDead(letters) {
      const rows = letters.flatMap(({ id, stored, record, place = '' }) => [id, stored, record, place]);
      const [, refused] = (await run(add_dead, [offsetMs(), queue.dead.count, ...rows])) as [number, number[]];
      return verdictsOf(refused, letters.length);
    },
  };
}
