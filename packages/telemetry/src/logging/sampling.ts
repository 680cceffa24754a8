import { trace, TraceFlags } from '@opentelemetry/api';
import type { Clock } from '../clock.ts';
import { refuseUnknown, whole } from '../options.ts';

/** Options of sampling: of each message the first lines of a tick are written, then every so many. */
export interface LogSampling {
  /** Lines of one message and level written in each tick. Default 100. */
  readonly first?: number;
  /** After those, every how many is written; 0 writes none. Default 100. */
  readonly thereafter?: number;
  /** Length of a tick in milliseconds. Default 1000. */
  readonly tickMs?: number;
}

interface Tally {
  seen: number;
  dropped: number;
}

/** Messages told apart in one tick; what comes after shares one tally. */
const mostMessages = 1000;

/** Levels from `error` on are always written. */
const errorLevel = 50;

/**
 * Decides whether a line is written: `undefined` drops it, a number writes it and says how many of its kind were dropped since the last.
 * Lines of a sampled trace are always written, because its reader asks for them; so are errors.
 *
 * Source of the scheme: the sampler of Uber's zap, https://pkg.go.dev/go.uber.org/zap/zapcore#NewSamplerWithOptions
 */
export function createSampler(options: LogSampling, clock: Clock): (level: number, message: string) => number | undefined {
  refuseUnknown('sampling', options, ['first', 'thereafter', 'tickMs']);
  const first = whole('sampling.first', options.first, 100, 0, 1_000_000);
  const thereafter = whole('sampling.thereafter', options.thereafter, 100, 0, 1_000_000);
  const tickMs = whole('sampling.tickMs', options.tickMs, 1000, 1, 3_600_000);
  const tallies = new Map<string, Tally>();
  let tickEndsMs = -Infinity;

  function tallyOf(level: number, message: string): Tally {
    const now = clock.now();
    if (now >= tickEndsMs) {
      tickEndsMs = now + tickMs;
      // What was dropped is still to be told; what was told is forgotten.
      for (const [key, tally] of tallies) {
        if (tally.dropped === 0) tallies.delete(key);
        else tally.seen = 0;
      }
    }
    const wanted = `${level} ${message}`;
    const key = tallies.size < mostMessages || tallies.has(wanted) ? wanted : `${level}`;
    let tally = tallies.get(key);
    if (tally === undefined) tallies.set(key, (tally = { seen: 0, dropped: 0 }));
    return tally;
  }

  function inSampledTrace(): boolean {
    const span = trace.getActiveSpan()?.spanContext();
    return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0;
  }

  return (level, message) => {
    if (level >= errorLevel || inSampledTrace()) return 0;
    const tally = tallyOf(level, message);
    tally.seen += 1;
    const over = tally.seen - first;
    if (over > 0 && (thereafter === 0 || over % thereafter !== 0)) {
      tally.dropped += 1;
      return undefined;
    }
    const { dropped } = tally;
    tally.dropped = 0;
    return dropped;
  };
}
