import CircuitBreaker from 'opossum';
import { askInventory, UnknownArticle, type Stock, type StockSetting } from '../stock.ts';

/** While the inventory fails, callers are told at once that nothing is in stock. */
export function createStock({ url, openMs, report }: StockSetting): Stock {
  const breaker = new CircuitBreaker((sku: string) => askInventory(url, sku), {
    timeout: 2_000,
    errorThresholdPercentage: 50,
    volumeThreshold: 4,
    resetTimeout: openMs,
    errorFilter: (error) => error instanceof UnknownArticle,
  });
  breaker.fallback(() => 0);
  breaker.on('open', () => report('open'));
  breaker.on('close', () => report('closed'));
  return {
    of: (sku) => breaker.fire(sku),
    stop: () => breaker.shutdown(),
  };
}
