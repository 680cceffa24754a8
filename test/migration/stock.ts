/** What every form of the client is given, so that one test runs them all. */
export interface StockSetting {
  readonly url: string;
  /** How long callers are refused before the inventory is asked again. */
  readonly openMs: number;
  /** Told when callers begin to be refused, and when they are served again. */
  readonly report: (state: 'open' | 'closed') => void;
}

/** Asks an inventory over HTTP how many there are of an article. */
export interface Stock {
  of(sku: string, signal?: AbortSignal): Promise<number>;
  stop(): void;
}

/** The inventory is well and has no such article. */
export class UnknownArticle extends Error {
  constructor(sku: string) {
    super(`there is no article ${sku}`);
  }
}

export async function askInventory(url: string, sku: string, signal?: AbortSignal): Promise<number> {
  const response = await fetch(`${url}/stock/${sku}`, signal === undefined ? {} : { signal });
  const text = await response.text();
  if (response.status === 404) throw new UnknownArticle(sku);
  if (!response.ok) throw new Error(`the inventory answered ${response.status}`);
  return Number(text);
}
