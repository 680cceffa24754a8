import { TelemetryError } from '../errors.ts';
import { errorFields } from './error-fields.ts';

/** Field names, in whatever case, whose values never reach a log line, up to ten objects deep; what is deeper is left out whole. */
export const redactedFields: readonly string[] = Object.freeze([
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'x-api-key',
]);

/** What stands in place of a redacted value. */
const censor = '[redacted]';
/** What stands in place of an object that is nested deeper than this, or in itself. */
const deepest = 10;
const tooDeep = '[too deep]';
const circular = '[circular]';
const dotted = /^[\w$*-]+(?:\.[\w$*-]+)*$/u;

/** The steps of dotted paths, merged; a path ends where `ends` is true. */
interface PathStep {
  readonly next: Map<string, PathStep>;
  ends: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** An object and those around it, inner first. */
interface Nesting {
  readonly fields: object;
  readonly depth: number;
  readonly within: Nesting | undefined;
}

function isWithin(value: object, nesting: Nesting | undefined): boolean {
  for (let around = nesting; around !== undefined; around = around.within) if (around.fields === value) return true;
  return false;
}

function addPath(root: PathStep, path: string): void {
  let step = root;
  for (const name of path.split('.')) {
    let next = step.next.get(name);
    if (next === undefined) step.next.set(name, (next = { next: new Map(), ends: false }));
    step = next;
  }
  step.ends = true;
}

function walkable(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

class Redactor {
  readonly #names: ReadonlySet<string>;
  readonly #paths: PathStep;

  constructor(names: ReadonlySet<string>, paths: PathStep) {
    this.#names = names;
    this.#paths = paths;
  }

  fields(fields: Fields): Fields {
    return this.#walk(fields, { fields, depth: 1, within: undefined }, this.#paths.next.size === 0 ? undefined : this.#paths);
  }

  /** The same object when nothing in it is redacted, which is nearly always: then nothing is copied. */
  #walk(fields: Fields, nesting: Nesting, step: PathStep | undefined): Fields {
    let copy: Record<string, unknown> | undefined;
    for (const name in fields) {
      const value = fields[name];
      const next = step?.next.get(name) ?? step?.next.get('*');
      let shown = value;
      if (this.#names.has(name.toLowerCase()) || next?.ends === true) shown = censor;
      else if (typeof value === 'object' && value !== null && (value instanceof Error || walkable(value))) {
        shown = this.#nested(value, nesting, next);
      }
      if (shown === value) continue;
      copy ??= (Array.isArray(fields) ? [...(fields as unknown[])] : { ...fields }) as Record<string, unknown>;
      copy[name] = shown;
    }
    return copy ?? fields;
  }

  /** Nothing within itself is left to JSON.stringify, which in Node.js 26 takes milliseconds to find that out. */
  #nested(value: object, within: Nesting, step: PathStep | undefined): unknown {
    if (isWithin(value, within)) return circular;
    const depth = within.depth + 1;
    if (depth > deepest) return tooDeep;
    const fields = value instanceof Error ? errorFields(value) : (value as Fields);
    return this.#walk(fields, { fields: value, depth, within }, step);
  }
}

/**
 * What replaces the values of secret fields: those of {@link redactedFields} and of the bare names given at every depth, and those at the
 * dotted paths given, where `*` stands for any one name. Never throws: fields that cannot be read are left out whole.
 *
 * @throws TelemetryError `INVALID_OPTION`
 */
export function createRedactor(extra: readonly string[] = []): (fields: object) => object {
  const names = new Set(redactedFields.map((name) => name.toLowerCase()));
  const paths: PathStep = { next: new Map(), ends: false };
  for (const entry of extra) {
    if (typeof entry !== 'string' || !dotted.test(entry)) {
      throw new TelemetryError('INVALID_OPTION', `redact must hold field names or dotted paths, got ${JSON.stringify(entry)}`);
    }
    if (entry.includes('.')) addPath(paths, entry);
    else names.add(entry.toLowerCase());
  }
  const redactor = new Redactor(names, paths);
  return (fields) => {
    if (typeof fields !== 'object' || fields === null) return {};
    try {
      return redactor.fields(fields as Fields);
    } catch {
      return { unreadable: true };
    }
  };
}
