import { readQuantity, type DecimalInput } from '../decimal.ts';
import { readDuration, type Duration } from '../duration.ts';
import { SloError } from '../errors.ts';
import { checkOptions } from '../options.ts';
import { show } from '../show.ts';

/** How many events come, and when: plain data, made by `traffic`. */
export interface TrafficModel {
  readonly kind: 'constant' | 'diurnal' | 'bursty' | 'low';
  /** Events a second, on average over a day. */
  readonly perSecond: number;
  /** Whether the counts are drawn by chance; otherwise each step has exactly its expected count, which may be a fraction. */
  readonly random: boolean;
  /** Of `diurnal`: how far the day swings about its mean, 0 to 1. */
  readonly swing?: number;
  /** Of `bursty`: how long a burst lasts, in seconds. */
  readonly burstSeconds?: number;
  /** Of `bursty`: how many times more comes in a burst than between bursts. */
  readonly ratio?: number;
  /** Of `bursty`: the share of time in which there is a burst. */
  readonly share?: number;
}

/** The ways in which events come. */
export interface TrafficModels {
  /**
   * Always the same rate, exactly: the world of the formulas.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { traffic } from '@nines/slo/simulate';
   *
   * console.log(traffic.constant({ perSecond: 50 }).perSecond); // 50
   * ```
   */
  constant(options: { readonly perSecond: DecimalInput }): TrafficModel;
  /**
   * A sine over the day, lowest at its start (midnight). `swing` 0.8 (default) goes from 20 % to 180 % of the mean.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { traffic } from '@nines/slo/simulate';
   *
   * console.log(traffic.diurnal({ perSecond: 50 }).swing); // 0.8
   * ```
   */
  diurnal(options: { readonly perSecond: DecimalInput; readonly swing?: DecimalInput }): TrafficModel;
  /**
   * Bursts by chance: `share` of the time (default 0.1), each `burst` long (default `10m`), with `ratio` times (default 20) the rate between them.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { traffic } from '@nines/slo/simulate';
   *
   * console.log(traffic.bursty({ perSecond: 50, burst: '5m' }).burstSeconds); // 300
   * ```
   */
  bursty(options: {
    readonly perSecond: DecimalInput;
    readonly burst?: Duration;
    readonly ratio?: DecimalInput;
    readonly share?: DecimalInput;
  }): TrafficModel;
  /**
   * Few events, each arriving by chance: whole counts, many steps without any.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { traffic } from '@nines/slo/simulate';
   *
   * console.log(traffic.low({ perHour: 10 }).random); // true
   * ```
   */
  low(options: { readonly perHour: DecimalInput }): TrafficModel;
}

/**
 * Traffic models for `simulate`.
 *
 * @example
 * ```ts
 * import { traffic } from '@nines/slo/simulate';
 *
 * console.log(traffic.low({ perHour: 36 }).perSecond); // 0.01
 * ```
 */
export const traffic: TrafficModels = Object.freeze({
  constant(options: { readonly perSecond: DecimalInput }): TrafficModel {
    checkOptions('traffic.constant', options, ['perSecond']);
    return Object.freeze({ kind: 'constant', perSecond: rate('perSecond', options.perSecond), random: false });
  },
  diurnal(options: { readonly perSecond: DecimalInput; readonly swing?: DecimalInput }): TrafficModel {
    checkOptions('traffic.diurnal', options, ['perSecond', 'swing']);
    const swing = share('swing', options.swing ?? 0.8);
    return Object.freeze({ kind: 'diurnal', perSecond: rate('perSecond', options.perSecond), random: false, swing });
  },
  bursty(options: {
    readonly perSecond: DecimalInput;
    readonly burst?: Duration;
    readonly ratio?: DecimalInput;
    readonly share?: DecimalInput;
  }): TrafficModel {
    checkOptions('traffic.bursty', options, ['perSecond', 'burst', 'ratio', 'share']);
    return Object.freeze({
      kind: 'bursty',
      perSecond: rate('perSecond', options.perSecond),
      random: true,
      burstSeconds: readDuration('burst', options.burst ?? '10m'),
      ratio: rate('ratio', options.ratio ?? 20),
      share: share('share', options.share ?? 0.1),
    });
  },
  low(options: { readonly perHour: DecimalInput }): TrafficModel {
    checkOptions('traffic.low', options, ['perHour']);
    return Object.freeze({ kind: 'low', perSecond: rate('perHour', options.perHour) / 3_600, random: true });
  },
});

function rate(name: string, input: DecimalInput): number {
  const value = readQuantity(name, input).toNumber();
  if (value === 0 || value > 1e9) throw new SloError('INVALID_OPTION', `${name} must be more than 0 and at most 1e9, got ${show(input)}`);
  return value;
}

function share(name: string, input: DecimalInput): number {
  const value = readQuantity(name, input).toNumber();
  if (value > 1) throw new SloError('INVALID_OPTION', `${name} must be from 0 to 1, got ${show(input)}`);
  return value;
}
