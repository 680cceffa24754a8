/** How the receiver misbehaves; changed at run time with `POST /__faults`. */
export interface Faults {
  /** `none` answers 204, `status` answers `status`, `hang` never answers, `reset` cuts the connection. */
  readonly mode: 'none' | 'status' | 'hang' | 'reset';
  readonly status: number;
  /** Sent as `Retry-After` with `status`; 0 sends none. */
  readonly retryAfterSeconds: number;
  /** Waited before each answer. */
  readonly latencyMs: number;
}

export const noFaults: Faults = { mode: 'none', status: 500, retryAfterSeconds: 0, latencyMs: 0 };

const MODES: readonly unknown[] = ['none', 'status', 'hang', 'reset'];

/** @throws Error that says what is allowed. */
export function readFaults(json: string): Faults {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('faults must be a JSON object');
  const unknown = Object.keys(value).find((key) => !(key in noFaults));
  if (unknown !== undefined) throw new Error(`faults have no ${unknown}; they have ${Object.keys(noFaults).join(', ')}`);
  const faults = { ...noFaults, ...value };
  if (!MODES.includes(faults.mode)) throw new Error(`mode must be one of: ${MODES.join(', ')}`);
  whole('status', faults.status, 200, 599);
  whole('retryAfterSeconds', faults.retryAfterSeconds, 0, 86_400);
  whole('latencyMs', faults.latencyMs, 0, 60_000);
  return faults;
}

function whole(name: string, value: unknown, min: number, max: number): void {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    throw new Error(`${name} must be a whole number from ${min} to ${max}`);
}
