import { CRITICALITIES, type Criticality } from '@nines/resilience';

/** Headers as node:http gives them: lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Name of the header with the time that is left, in the syntax of gRPC. */
export const DEADLINE_HEADER = 'grpc-timeout';

/** Name of the header with the criticality. */
export const CRITICALITY_HEADER = 'x-criticality';

const UNIT_MS: Readonly<Record<string, number>> = Object.freeze({ H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 });

/**
 * The time that is left, in milliseconds, from a value such as `1500m`; undefined when it is not one.
 *
 * Source: gRPC over HTTP/2, "Timeout": at most eight digits and a unit of H, M, S, m, u or n.
 */
export function parseTimeout(value: string | readonly string[] | undefined): number | undefined {
  const match = typeof value === 'string' ? /^(\d{1,8})([HMSmun])$/.exec(value) : null;
  return match === null ? undefined : Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
}

/** The criticality that a header names; undefined when it names none. */
export function parseCriticality(value: string | readonly string[] | undefined): Criticality | undefined {
  return CRITICALITIES.find((level) => level === value);
}
