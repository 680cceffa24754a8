import type { JobState } from '@nines/queue';
import { ConsoleRefusal } from './errors.ts';
import type { ActionRequest } from './protocol.ts';

const STATES: readonly JobState[] = ['waiting', 'delayed', 'active', 'completed', 'dead'];
const IDS_MAX = 1000;
export const PAGE_MAX = 100;
const PAGE_DEFAULT = 25;

/** One value of a query; undefined when it is absent, refused when it is there twice. */
export function one(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1) refuse(name, 'given once', values.join(', '));
  return values[0];
}

export function stateOf(query: URLSearchParams): JobState {
  const value = one(query, 'state');
  const state = STATES.find((known) => known === value);
  return state ?? refuse('state', `one of ${STATES.join(', ')}`, value);
}

export function pageOf(query: URLSearchParams): { readonly skip: number; readonly limit: number } {
  return {
    skip: whole('skip', one(query, 'skip') ?? '0', 0, 1_000_000_000),
    limit: whole('limit', one(query, 'limit') ?? String(PAGE_DEFAULT), 1, PAGE_MAX),
  };
}

export function idOf(value: unknown): string {
  if (typeof value === 'string' && /^[\u0021-\u007e]{1,128}$/.test(value)) return value;
  return refuse('id', '1 to 128 visible ASCII characters', value);
}

/** Which dead letters: those of the given ids, or the oldest. */
export function deadLettersOf(body: Readonly<Record<string, unknown>>): { readonly ids: readonly string[] } | { readonly limit: number } {
  const { ids, limit }: { readonly ids?: unknown; readonly limit?: unknown } = body;
  if ((ids === undefined) === (limit === undefined)) refuse('body', 'one with either ids or limit', ids === undefined ? 'neither' : 'both');
  if (ids === undefined) return { limit: whole('limit', limit, 1, IDS_MAX) };
  if (!Array.isArray(ids) || ids.length > IDS_MAX) refuse('ids', `an array of at most ${IDS_MAX} ids`, ids);
  return { ids: (ids as readonly unknown[]).map(idOf) };
}

/** @throws {ConsoleRefusal} `CONSOLE_BAD_REQUEST` for a field that the action does not have. */
export function refuseUnknownFields(body: Readonly<Record<string, unknown>>, known: readonly (keyof ActionRequest)[]): void {
  const unknown = Object.keys(body).find((field) => !known.includes(field as keyof ActionRequest));
  if (unknown !== undefined) refuse('body', `one with ${known.join(', ')} only`, unknown);
}

function whole(name: string, value: unknown, min: number, max: number): number {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(number) || (number as number) < min || (number as number) > max) {
    return refuse(name, `a whole number from ${min} to ${max}`, value);
  }
  return number as number;
}

function refuse(name: string, allowed: string, value: unknown): never {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : typeof value === 'number' ? String(value) : typeof value;
  throw new ConsoleRefusal('CONSOLE_BAD_REQUEST', `${name} must be ${allowed}, got ${text}`);
}
