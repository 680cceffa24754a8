import type { DeadReason } from './outcome.ts';

/** What is remembered of a job that did not simply succeed: `<attempts> <losses> <json>`; Redis counts the losses itself. */
export interface FailureRecord {
  /** Attempts that failed. */
  readonly attempts: number;
  /** Leases lost since the last failed attempt. */
  readonly losses: number;
  readonly error?: string | undefined;
  /** Why the job was dead-lettered, once it is; poison is told by its losses, which Redis counts. */
  readonly reason?: DeadReason | undefined;
  /** `traceId-spanId-flags` of the last attempt, to link the next one to. */
  readonly span?: string | undefined;
}

const ERROR_LENGTH_MAX = 500;

export const noFailure: FailureRecord = Object.freeze({ attempts: 0, losses: 0 });

export function encodeFailure({ attempts, losses, error, reason, span }: FailureRecord): string {
  return `${attempts} ${losses} ${JSON.stringify({ e: error?.slice(0, ERROR_LENGTH_MAX), r: reason, s: span })}`;
}

export function decodeFailure(record: string): FailureRecord {
  const parts = /^(\d+) (\d+) ?(.*)$/s.exec(record);
  if (parts === null) return noFailure;
  const rest = parts[3] === '' || parts[3] === undefined ? {} : (JSON.parse(parts[3]) as { e?: string; r?: DeadReason; s?: string });
  return { attempts: Number(parts[1]), losses: Number(parts[2]), error: rest.e, reason: rest.r, span: rest.s };
}
