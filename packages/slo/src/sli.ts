import { checkOptions, checkText } from './options.ts';

/** What is measured: bad events among all events, each a PromQL selector. The mathematics does not read it; it travels with the objective. */
export interface RatioSli {
  readonly type: 'ratio';
  /** Selector of the events that failed. */
  readonly bad: string;
  /** Selector of all events. */
  readonly total: string;
}

/** Ways to say what is measured. */
export interface SliKinds {
  /**
   * Bad events among all events.
   *
   * @throws SloError `INVALID_OPTION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { sli } from '@nines/slo';
   *
   * console.log(sli.ratio({ bad: 'http_requests_total{code=~"5.."}', total: 'http_requests_total' }).type); // ratio
   * ```
   */
  ratio(selectors: { readonly bad: string; readonly total: string }): RatioSli;
}

const longestSelector = 2_000;

/** Ways to say what is measured; so far the ratio of events. */
export const sli: SliKinds = Object.freeze({
  ratio(selectors: { readonly bad: string; readonly total: string }): RatioSli {
    checkOptions('sli.ratio', selectors, ['bad', 'total']);
    const bad = checkText('bad', selectors.bad, longestSelector);
    return Object.freeze({ type: 'ratio', bad, total: checkText('total', selectors.total, longestSelector) });
  },
});
