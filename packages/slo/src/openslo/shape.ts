/** What a value of a document must be: enough of a schema for OpenSLO, with messages that say what is allowed. */
export type Shape =
  | { readonly type: 'text'; readonly oneOf?: readonly string[]; readonly pattern?: RegExp; readonly such?: string }
  | { readonly type: 'number'; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'texts' }
  | { readonly type: 'list'; readonly of: Shape; readonly length: number }
  | { readonly type: 'object'; readonly fields: Readonly<Record<string, Shape>>; readonly required: readonly string[] };

/** What may be wrong with a document. The list is closed. */
export type OpenSloCode =
  | 'bad-duration'
  | 'broken-yaml'
  | 'duplicate-name'
  | 'invalid-objective'
  | 'invalid-value'
  | 'missing-key'
  | 'not-allowed'
  | 'unknown-key'
  | 'unknown-reference'
  | 'unsupported-kind'
  | 'wrong-type';

/** Where in a document: keys and indexes. */
export type Path = readonly (string | number)[];

/** Takes a fault. */
export type Report = (code: OpenSloCode, path: Path, message: string) => void;

/** Compares a value with a shape and reports each difference, unknown keys included. */
export function checkShape(value: unknown, shape: Shape, path: Path, report: Report): void {
  if (shape.type === 'object') return checkObject(value, shape, path, report);
  if (shape.type === 'list') return checkList(value, shape, path, report);
  if (shape.type === 'texts') {
    if (!isObject(value)) return report('wrong-type', path, `must be names and texts, got ${show(value)}`);
    for (const [key, text] of Object.entries(value))
      if (typeof text !== 'string') report('wrong-type', [...path, key], `must be text, got ${show(text)}`);
    return undefined;
  }
  if (shape.type === 'boolean')
    return typeof value === 'boolean' ? undefined : report('wrong-type', path, `must be true or false, got ${show(value)}`);
  if (shape.type === 'number') return checkNumber(value, shape, path, report);
  if (typeof value !== 'string' || value === '') return report('wrong-type', path, `must be text, got ${show(value)}`);
  if (shape.oneOf !== undefined && !shape.oneOf.includes(value))
    return report('not-allowed', path, `must be ${shape.oneOf.join(' or ')}, got ${show(value)}`);
  if (shape.pattern !== undefined && !shape.pattern.test(value))
    return report('invalid-value', path, `must be ${shape.such ?? 'other text'}, got ${show(value)}`);
  return undefined;
}

function checkObject(value: unknown, shape: Extract<Shape, { type: 'object' }>, path: Path, report: Report): void {
  if (!isObject(value))
    return report('wrong-type', path, `must be an object with ${Object.keys(shape.fields).join(', ')}, got ${show(value)}`);
  for (const key of shape.required) {
    if (value[key] === undefined)
      report(
        'missing-key',
        [...path, key],
        `must be there: ${Object.keys(shape.fields).join(', ')} are known, ${shape.required.join(', ')} needed`,
      );
  }
  for (const [key, part] of Object.entries(value)) {
    const known = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (known === undefined) report('unknown-key', [...path, key], `is not known here; known are ${Object.keys(shape.fields).join(', ')}`);
    else checkShape(part, known, [...path, key], report);
  }
  return undefined;
}

function checkList(value: unknown, shape: Extract<Shape, { type: 'list' }>, path: Path, report: Report): void {
  if (!Array.isArray(value) || value.length !== shape.length) {
    const came = Array.isArray(value) ? `${value.length}` : show(value);
    return report('wrong-type', path, `must be a list of exactly ${shape.length}, got ${came}`);
  }
  for (const [index, part] of value.entries()) checkShape(part, shape.of, [...path, index], report);
  return undefined;
}

function checkNumber(
  value: unknown,
  { min = 0, max = Number.MAX_VALUE }: Extract<Shape, { type: 'number' }>,
  path: Path,
  report: Report,
): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) return report('wrong-type', path, `must be a number, got ${show(value)}`);
  return value < min || value > max ? report('invalid-value', path, `must be from ${min} to ${max}, got ${value}`) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as it appears in a message. */
export function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
