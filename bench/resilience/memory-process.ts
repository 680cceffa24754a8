/*
 * How many bytes a breaker holds, and how many timers 1,000 idle ones have: `node --expose-gc memory-process.ts KIND`. Timers
 * are counted from the first line on, those that let the process exit too.
 */

const timers = new Set<unknown>();
const { setInterval: interval, setTimeout: timeout, clearInterval: clearI, clearTimeout: clearT } = globalThis;
type Run = (...args: unknown[]) => void;
const once = (run: Run, ms?: number): unknown => {
  const timer: unknown = timeout(() => {
    timers.delete(timer);
    run();
  }, ms);
  timers.add(timer);
  return timer;
};
const often = (run: Run, ms?: number): unknown => {
  const timer = interval(run, ms);
  timers.add(timer);
  return timer;
};
const clear = (stop: (timer: never) => void) => (timer: unknown) => {
  timers.delete(timer);
  stop(timer as never);
};
Object.assign(globalThis, { setTimeout: once, setInterval: often, clearTimeout: clear(clearT), clearInterval: clear(clearI) });

const { circuitBreaker, pipeline } = await import('@nines/resilience');
const { opossum } = await import('@nines/resilience/opossum');
const { default: CircuitBreaker } = await import('opossum');
const { ConsecutiveBreaker, circuitBreaker: theirBreaker, handleAll } = await import('cockatiel');

const COUNT = 10_000;
const work = async (): Promise<number> => 42;
const keep: unknown[] = [];

function keyed(policy: typeof circuitBreaker | typeof opossum): (key: string) => Promise<unknown> {
  const p = pipeline('memory', [policy({ key: (ctx: { readonly key: string | undefined }) => ctx.key, maxKeys: COUNT })]);
  keep.push(p);
  return (key) => p.execute(work, { key });
}

/** Makes one breaker, and calls it once. */
const makers: Readonly<Record<string, () => (key: string) => Promise<unknown>>> = {
  'circuitBreaker with its key': () => keyed(circuitBreaker),
  'opossum policy with its key': () => keyed(opossum),
  'opossum alone': () => (key) => {
    const breaker = new CircuitBreaker(work, { name: key });
    keep.push(breaker);
    return breaker.fire();
  },
  'cockatiel alone': () => () => {
    const breaker = theirBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
    keep.push(breaker);
    return breaker.execute(work);
  },
};

const maker = makers[process.argv[2] ?? ''];
if (maker === undefined || gc === undefined) throw new Error('usage: node --expose-gc memory-process.ts KIND');
const collect = gc;
const heap = (): number => {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
};

// Warm, and held: what is compiled or collected later must not be counted.
const warm = maker();
const keys = Array.from({ length: COUNT }, (_, i) => `host-${i}.example`);
keep.push(new Map(keys.map((key) => [key, key])));
for (const key of keys.slice(0, 1_000)) await warm(key);
const idle = timers.size;
const make = maker();
const before = heap();
for (const key of keys) await make(key);
console.log(JSON.stringify({ bytes: (heap() - before) / COUNT, timers: idle, kept: keep.length }));
process.exit(0);
