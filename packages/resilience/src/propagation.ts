/** How much a call matters, most first; when there is too little for all, the last goes first. Source: Google SRE book, ch. 21. */
export type Criticality = 'critical+' | 'critical' | 'sheddable+' | 'sheddable';

/** Every criticality, most important first. */
export const CRITICALITIES: readonly Criticality[] = Object.freeze(['critical+', 'critical', 'sheddable+', 'sheddable'] as const);

/** Most digits that `grpc-timeout` allows. */
const MAX_DIGITS = 99_999_999;

/**
 * A time as the value of a `grpc-timeout` header: at most eight digits and a unit, rounded down, so that the next hop never
 * has more time than we have.
 *
 * Source: gRPC over HTTP/2, "Timeout".
 */
export function grpcTimeout(ms: number): string {
  const whole = Math.max(0, Math.floor(ms));
  return whole <= MAX_DIGITS ? `${whole}m` : `${Math.min(Math.floor(whole / 1_000), MAX_DIGITS)}S`;
}

/** What tells the next hop how long this call still has and how much it matters. */
export function propagationHeaders(remainingMs: number, criticality: Criticality): Record<string, string> {
  const headers: Record<string, string> = { 'x-criticality': criticality };
  if (remainingMs !== Number.POSITIVE_INFINITY) headers['grpc-timeout'] = grpcTimeout(remainingMs);
  return headers;
}
