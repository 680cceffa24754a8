import { SloError, type CalendarUnit } from '@nines/slo';

/** A duration of OpenSLO: `4w`, `1M`. */
export interface OpenSloDuration {
  readonly count: number;
  readonly unit: 'minute' | 'hour' | CalendarUnit;
  /** Its length; of a month, quarter or year the nominal one of 30, 90 and 365 days, as OpenSLO's own library counts. */
  readonly seconds: number;
}

const units: Readonly<Record<string, { readonly unit: OpenSloDuration['unit']; readonly seconds: number }>> = {
  m: { unit: 'minute', seconds: 60 },
  h: { unit: 'hour', seconds: 3_600 },
  d: { unit: 'day', seconds: 86_400 },
  w: { unit: 'week', seconds: 604_800 },
  M: { unit: 'month', seconds: 30 * 86_400 },
  Q: { unit: 'quarter', seconds: 90 * 86_400 },
  Y: { unit: 'year', seconds: 365 * 86_400 },
};

/**
 * Reads OpenSLO's short form of a duration: a whole number and one of `m h d w M Q Y`. `1m` is a minute, `1M` a month.
 *
 * Source: OpenSLO v1, "duration-shorthand".
 *
 * @param text - for example `28d`
 * @returns count, unit and length
 * @throws SloError `INVALID_DURATION`
 * @example
 * ```ts
 * import { openSloDuration } from '@nines/slo/openslo';
 *
 * console.log(openSloDuration('1M').seconds, openSloDuration('1m').seconds); // 2592000 60
 * ```
 */
export function openSloDuration(text: string): OpenSloDuration {
  const match = typeof text === 'string' ? /^([1-9]\d{0,4})([mhdwMQY])$/.exec(text) : null;
  const unit = units[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new SloError(
      'INVALID_DURATION',
      `a duration of OpenSLO must be a whole number and one of m h d w M Q Y, such as 28d, got ${JSON.stringify(text)}`,
    );
  }
  const count = Number(match[1]);
  return Object.freeze({ count, unit: unit.unit, seconds: count * unit.seconds });
}
