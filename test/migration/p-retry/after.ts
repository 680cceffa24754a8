import { classifyErrors, deadline, exponential, pipeline, retry } from '@nines/resilience';
import { askInventory, UnknownArticle, type Stock, type StockSetting } from '../stock.ts';

/** A call that fails by chance is repeated twice, within two seconds. */
export function createStock({ url }: Pick<StockSetting, 'url'>): Stock {
  const policies = [deadline({ totalMs: 2_000 }), retry({ maxAttempts: 3, backoff: exponential({ baseMs: 10, maxMs: 100 }) })];
  const inventory = pipeline('inventory', policies, {
    classify: (outcome, clock) => (!outcome.ok && outcome.error instanceof UnknownArticle ? 'failure' : classifyErrors(outcome, clock)),
  });
  return {
    of: (sku, signal) => inventory.execute((ctx) => askInventory(url, sku, ctx.signal), { ...(signal && { signal }) }),
    stop: () => {},
  };
}
