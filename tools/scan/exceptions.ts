import { parse } from 'yaml';

/** One known vulnerability that a release may carry for a while, and why. */
export interface Exception {
  /** As the scanner calls it, `GHSA-…` or `CVE-…`. */
  readonly id: string;
  readonly package: string;
  readonly reason: string;
  /** The last day on which it counts, `2026-01-31`. */
  readonly expires: string;
}

/** What is wrong with the file, with where it is. */
export class BadExceptions extends Error {}

const FIELDS = ['id', 'package', 'reason', 'expires'] as const;
/** Nobody remembers for longer why something was left as it is. */
const LONGEST_DAYS = 90;

/** @param today - `2026-01-31` */
export function readExceptions(text: string, today: string): readonly Exception[] {
  const document = parse(text) as { readonly exceptions?: unknown } | null;
  const list = document?.exceptions;
  if (!Array.isArray(list)) throw new BadExceptions('the file must hold a list "exceptions", empty when there is none');
  return list.map((one, index) => exception(one, `exceptions[${index}]`, today));
}

function exception(given: unknown, where: string, today: string): Exception {
  const fields = (typeof given === 'object' && given !== null ? given : {}) as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name as (typeof FIELDS)[number]));
  if (unknown !== undefined) throw new BadExceptions(`${where}.${unknown} is not known: an exception has ${FIELDS.join(', ')}`);
  const text = (name: (typeof FIELDS)[number]): string => {
    const value = fields[name];
    if (typeof value !== 'string' || value.trim() === '') throw new BadExceptions(`${where}.${name} must be a text, got ${show(value)}`);
    return value;
  };
  const expires = text('expires');
  if (!isDate(expires)) throw new BadExceptions(`${where}.expires must be a date such as ${today}, got ${show(expires)}`);
  if (daysBetween(today, expires) > LONGEST_DAYS)
    throw new BadExceptions(
      `${where}.expires must be at most ${LONGEST_DAYS} days from ${today}, got ${expires}: look at it again by then`,
    );
  const reason = text('reason');
  if (reason.trim().length < 20)
    throw new BadExceptions(`${where}.reason must say why it does no harm here, in 20 characters or more, got ${show(reason)}`);
  return { id: text('id'), package: text('package'), reason, expires };
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value);
}
