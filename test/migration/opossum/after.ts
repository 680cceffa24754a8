import { circuitBreaker, classifyErrors, fallback, fixed, pipeline, timeout } from '@nines/resilience';
import { askInventory, UnknownArticle, type Stock, type StockSetting } from '../stock.ts';

/** While the inventory fails, callers are told at once that nothing is in stock. */
export function createStock({ url, openMs, report }: StockSetting): Stock {
  const inventory = pipeline(
    'inventory',
    [
      fallback(() => 0),
      circuitBreaker({ failureRateThreshold: 0.5, minimumCalls: 4, open: fixed(openMs), halfOpen: { permits: 1 } }),
      timeout({ attemptMs: 2_000 }),
    ],
    { classify: (outcome, clock) => (!outcome.ok && outcome.error instanceof UnknownArticle ? 'ignored' : classifyErrors(outcome, clock)) },
  );
  inventory.subscribe((event) => {
    if (event.type === 'transition' && (event.to === 'open' || event.to === 'closed')) report(event.to);
  });
  return {
    of: (sku, signal) => inventory.execute((ctx) => askInventory(url, sku, ctx.signal), signal === undefined ? {} : { signal }),
    stop: () => {},
  };
}
