// A dependency that pauses now and then: a late call is sent a second time, and the first answer wins.
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline, timeout } from '@nines/resilience';
import { hedge } from '@nines/resilience/hedge';

const inventory = pipeline('inventory', [hedge({ delay: 30, maxExtraLoadRatio: 0.5 }), timeout({ attemptMs: 2_000 })]);
let runs = 0;
const kinds: string[] = [];
inventory.subscribe((event) => {
  if (event.type === 'attempt') kinds.push(`${event.info.kind} ${event.kind}`);
});

/** Every fourth run hangs for a second, unless it is told to stop. */
async function stock(signal: AbortSignal): Promise<number> {
  runs += 1;
  if (runs % 4 === 0) await sleep(1_000, undefined, { signal });
  return 42;
}

for (let i = 0; i < 8; i++) {
  // Without `idempotent: true` nothing is sent twice.
  const value = await inventory.execute((ctx) => stock(ctx.signal), { idempotent: true });
  if (value !== 42) throw new Error('unreachable: every call is answered');
}
console.log(kinds.filter((kind) => kind !== 'first success')); // [ 'hedge success', 'first ignored', 'hedge success', 'first ignored' ]
console.log(inventory.snapshot().policies[0]); // { name: 'hedge', delayMs: 30, sent: 2, won: 2, notIdempotent: 0 }
