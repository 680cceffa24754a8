import pRetry from 'p-retry';
import { askInventory, UnknownArticle, type Stock, type StockSetting } from '../stock.ts';

/** A call that fails by chance is repeated twice, within two seconds. */
export function createStock({ url }: Pick<StockSetting, 'url'>): Stock {
  const options = { retries: 2, minTimeout: 10, maxTimeout: 100, randomize: true, maxRetryTime: 2_000 };
  const shouldRetry = ({ error }: { error: Error }) => !(error instanceof UnknownArticle);
  return {
    of: (sku, signal) => pRetry(() => askInventory(url, sku, signal), { ...options, shouldRetry, ...(signal && { signal }) }),
    stop: () => {},
  };
}
