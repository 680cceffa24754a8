import { readQuantity, type DecimalInput } from '../decimal.ts';
import { readDuration, type Duration } from '../duration.ts';
import { SloError } from '../errors.ts';
import { readRatio } from '../decimal.ts';
import { checkOptions } from '../options.ts';
import { show } from '../show.ts';

/** A time in which more events fail: plain data, made by `outage`. */
export interface Outage {
  readonly shape: 'step' | 'ramp' | 'spike' | 'flapping' | 'slow-burn';
  /** Seconds from the start of the simulation. */
  readonly startSeconds: number;
  /** How long it lasts. */
  readonly seconds: number;
  /** The error ratio at its worst; of a slow burn, the burn rate instead. */
  readonly peak: number;
  /** Of `flapping`: one bad and one good spell together, in seconds. */
  readonly periodSeconds?: number;
  /** Of `flapping`: the share of each period that is bad. */
  readonly duty?: number;
}

/** Where an outage lies and how bad it is. */
export interface OutageOptions {
  /** From the start of the simulation, for example `2d`. */
  readonly at: Duration;
  /** How long, for example `40m`. */
  readonly lasting: Duration;
  /** The share of events that fail at the worst moment, from 0 to 1. */
  readonly errorRatio: DecimalInput;
}

/** What `outage.flapping` takes besides. */
export interface FlappingOptions extends OutageOptions {
  /** One bad and one good spell together. Default `10m`. */
  readonly period?: Duration;
  /** The share of each period that is bad. Default 0.5. */
  readonly duty?: DecimalInput;
}

/** The shapes of outages. */
export interface OutageShapes {
  /**
   * All at once, and as suddenly over.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { outage } from '@nines/slo/simulate';
   *
   * console.log(outage.step({ at: '1d', lasting: '40m', errorRatio: '10%' }).seconds); // 2400
   * ```
   */
  step(options: OutageOptions): Outage;
  /**
   * Worse and worse in a straight line from nothing, then suddenly over.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { outage } from '@nines/slo/simulate';
   *
   * console.log(outage.ramp({ at: '1d', lasting: '1h', errorRatio: 1 }).shape); // ramp
   * ```
   */
  ramp(options: OutageOptions): Outage;
  /**
   * At its worst at once, and better in a straight line until it is over.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { outage } from '@nines/slo/simulate';
   *
   * console.log(outage.spike({ at: '1d', lasting: '10m', errorRatio: '50%' }).peak); // 0.5
   * ```
   */
  spike(options: OutageOptions): Outage;
  /**
   * On and off: the first `duty` (default 0.5) of each `period` (default `10m`) is bad.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { outage } from '@nines/slo/simulate';
   *
   * console.log(outage.flapping({ at: '1d', lasting: '2h', errorRatio: 1, period: '5m' }).duty); // 0.5
   * ```
   */
  flapping(options: FlappingOptions): Outage;
  /**
   * A little too much for long: the budget burns `burnRate` times as fast as allowed.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { outage } from '@nines/slo/simulate';
   *
   * console.log(outage.slowBurn({ at: '1d', lasting: '3d', burnRate: 2 }).startSeconds); // 86400
   * ```
   */
  slowBurn(options: { readonly at: Duration; readonly lasting: Duration; readonly burnRate: DecimalInput }): Outage;
}

/**
 * Outage shapes for `simulate`.
 *
 * @example
 * ```ts
 * import { outage } from '@nines/slo/simulate';
 *
 * console.log(outage.step({ at: '1d', lasting: '40m', errorRatio: '10%' }).peak); // 0.1
 * ```
 */
export const outage: OutageShapes = Object.freeze({
  step: (options: OutageOptions): Outage => simple('step', options),
  ramp: (options: OutageOptions): Outage => simple('ramp', options),
  spike: (options: OutageOptions): Outage => simple('spike', options),
  flapping(options: FlappingOptions): Outage {
    checkOptions('outage.flapping', options, ['at', 'lasting', 'errorRatio', 'period', 'duty']);
    const { period = '10m', duty = 0.5, ...rest } = options;
    return Object.freeze({
      ...simple('flapping', rest),
      periodSeconds: readDuration('period', period),
      duty: readRatio('duty', duty).toNumber(),
    });
  },
  slowBurn(options: { readonly at: Duration; readonly lasting: Duration; readonly burnRate: DecimalInput }): Outage {
    checkOptions('outage.slowBurn', options, ['at', 'lasting', 'burnRate']);
    const peak = readQuantity('burnRate', options.burnRate).toNumber();
    if (peak === 0) throw new SloError('INVALID_OPTION', `burnRate must be more than 0, got ${show(options.burnRate)}`);
    return Object.freeze({ shape: 'slow-burn', ...place(options), peak });
  },
});

/**
 * The sum of the error ratio over the outage's first `seconds`: exact, so that a step of the simulation gets the true mean
 * wherever the outage begins and ends in it. `budget` is the objective's, for a slow burn.
 */
export function accumulated(one: Outage, seconds: number, budget: number): number {
  const at = Math.min(Math.max(seconds, 0), one.seconds);
  switch (one.shape) {
    case 'step':
      return one.peak * at;
    case 'ramp':
      return (one.peak * at * at) / (2 * one.seconds);
    case 'spike':
      return one.peak * (at - (at * at) / (2 * one.seconds));
    case 'flapping': {
      const period = one.periodSeconds ?? one.seconds;
      const bad = period * (one.duty ?? 1);
      return one.peak * (Math.floor(at / period) * bad + Math.min(at % period, bad));
    }
    default:
      return Math.min(1, one.peak * budget) * at;
  }
}

function simple(shape: Outage['shape'], options: OutageOptions): Outage {
  checkOptions(`outage.${shape}`, options, ['at', 'lasting', 'errorRatio']);
  const peak = readRatio('errorRatio', options.errorRatio).toNumber();
  if (peak === 0) throw new SloError('INVALID_OPTION', `errorRatio must be more than 0, got ${show(options.errorRatio)}`);
  return Object.freeze({ shape, ...place(options), peak });
}

function place({ at, lasting }: { readonly at: Duration; readonly lasting: Duration }): Pick<Outage, 'startSeconds' | 'seconds'> {
  return { startSeconds: readDuration('at', at), seconds: readDuration('lasting', lasting) };
}
