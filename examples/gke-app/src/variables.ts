import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Why the configuration was refused. */
export type ConfigErrorCode = 'MISSING_VARIABLE' | 'INVALID_VARIABLE' | 'UNREADABLE_FILE';

/** The configuration is wrong; the message names the variable, what it holds (unless that is secret) and what is allowed. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as not set: that is how most platforms "remove" one. */
export function text(env: Environment, name: string, fallback?: string): string {
  const value = env[name] || fallback;
  if (value === undefined) throw new ConfigError('MISSING_VARIABLE', `${name} is not set`);
  return value;
}

export function whole(env: Environment, name: string, fallback: number, min: number, max: number): number {
  const value = env[name] || String(fallback);
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw invalid(name, `must be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
}

/** What destinations and callers may be called. */
export const NAME: RegExp = /^[\w.-]{1,64}$/;

/** The JSON object in the file that a variable names; empty when the variable is not set. */
export function fromFile(env: Environment, variable: string): object {
  const path = env[variable] ?? '';
  if (path === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError('UNREADABLE_FILE', `${variable} ${path} is not a readable JSON file`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(variable, 'must hold a JSON object');
}

/** The certificates, in PEM, of the file that a variable names; undefined when the variable is not set. */
export function certificatesFrom(env: Environment, variable: string): string | undefined {
  const path = env[variable] ?? '';
  if (path === '') return undefined;
  try {
    const pem = readFileSync(path, 'utf8');
    void new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new ConfigError('UNREADABLE_FILE', `${variable} ${path} is not a readable file of certificates in PEM`, { cause });
  }
}

export function invalid(variable: string, message: string): ConfigError {
  return new ConfigError('INVALID_VARIABLE', `${variable} ${message}`);
}
