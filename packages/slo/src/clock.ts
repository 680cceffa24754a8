/** The only file of this package that touches time: a limit for a question to a Prometheus. The mathematics knows none. */
export function timeLimit(milliseconds: number): AbortSignal {
  return AbortSignal.timeout(milliseconds);
}
