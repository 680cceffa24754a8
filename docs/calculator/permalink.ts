import { FIELDS, type Inputs } from './calculation.ts';

/** The inputs as the part of the address that stays in the browser: `objective=99.9%25&window=30d&…`. */
export function toHash(inputs: Inputs): string {
  return new URLSearchParams(FIELDS.map((field) => [field, inputs[field]])).toString();
}

/** The inputs that an address names; those that it does not name are as given. */
export function fromHash(hash: string, otherwise: Inputs): Inputs {
  const named = new URLSearchParams(hash.replace(/^#/, ''));
  return Object.fromEntries(FIELDS.map((field) => [field, named.get(field) ?? otherwise[field]])) as unknown as Inputs;
}
