import { checkOption, MAX_TIMER_MS, oneOf, type OptionCheck, ResilienceError, resolveOptions, wholeNumber } from '@nines/resilience';
import { share } from './faults.ts';

/** Which way bytes flow: `upstream` from the client to the server, `downstream` back. */
export type Direction = 'upstream' | 'downstream';

/** What all toxics share. */
export interface ToxicScope {
  /** Share of the connections that are struck, 0 to 1; drawn once for each connection. Default: 1. */
  readonly rate?: number;
}

/** Bytes arrive later. */
export interface LatencyToxic extends ToxicScope {
  readonly type: 'latency';
  /** Milliseconds, from 1. */
  readonly ms: number;
  /** Up to so much more for each chunk, evenly spread; order is kept. Milliseconds, default: 0. */
  readonly jitterMs?: number;
  /** Default: `downstream`. */
  readonly direction?: Direction;
}

/** Bytes arrive slowly, in pieces of a tenth of a second. */
export interface BandwidthToxic extends ToxicScope {
  readonly type: 'bandwidth';
  /** From 1. */
  readonly bytesPerSecond: number;
  /** Default: `downstream`. */
  readonly direction?: Direction;
}

/** Bytes vanish both ways; the connection stays. It is closed after `ms`, and when the toxic is removed. */
export interface TimeoutToxic extends ToxicScope {
  readonly type: 'timeout';
  /** Milliseconds; 0 for never. */
  readonly ms: number;
}

/** The connection is reset (RST) after `ms`. */
export interface ResetPeerToxic extends ToxicScope {
  readonly type: 'reset_peer';
  /** Milliseconds; 0 for at once. */
  readonly ms: number;
}

/** Connections are closed, new ones as soon as they are made. */
export interface DownToxic extends ToxicScope {
  readonly type: 'down';
}

/** What a fault proxy does to a connection. The names are those of Toxiproxy. */
export type Toxic = LatencyToxic | BandwidthToxic | TimeoutToxic | ResetPeerToxic | DownToxic;

/** A toxic with every option present. */
export type ResolvedToxic =
  | Required<LatencyToxic>
  | Required<BandwidthToxic>
  | Required<TimeoutToxic>
  | Required<ResetPeerToxic>
  | Required<DownToxic>;

const word: OptionCheck = oneOf(['latency', 'bandwidth', 'timeout', 'reset_peer', 'down']);
const common: { readonly type: OptionCheck; readonly rate: OptionCheck } = { type: word, rate: share };
const direction: OptionCheck = oneOf(['upstream', 'downstream']);
const ms: OptionCheck = wholeNumber(0, MAX_TIMER_MS);

/** @throws ResilienceError `INVALID_OPTION` */
export function resolveToxic(toxic: Toxic): ResolvedToxic {
  if (typeof toxic !== 'object' || toxic === null) throw new ResilienceError('INVALID_OPTION', 'toxic: options must be an object');
  checkOption('toxic', 'type', toxic.type, word);
  const { type } = toxic;
  const way = { rate: 1, direction: 'downstream' as const };
  switch (type) {
    case 'latency':
      return resolveOptions<Required<LatencyToxic>>(
        type,
        toxic,
        { ...way, jitterMs: 0 },
        { ...common, direction, ms: wholeNumber(1, MAX_TIMER_MS), jitterMs: ms },
      );
    case 'bandwidth':
      return resolveOptions<Required<BandwidthToxic>>(type, toxic, way, {
        ...common,
        direction,
        bytesPerSecond: wholeNumber(1, 1_000_000_000),
      });
    case 'timeout':
      return resolveOptions<Required<TimeoutToxic>>(type, toxic, { rate: 1 }, { ...common, ms });
    case 'reset_peer':
      return resolveOptions<Required<ResetPeerToxic>>(type, toxic, { rate: 1 }, { ...common, ms });
    default:
      return resolveOptions<Required<DownToxic>>(type, toxic, { rate: 1 }, common);
  }
}
