/** The store did what the model does not allow. */
export class Divergence extends Error {
  override readonly name: string = 'Divergence';
}

/** @throws Divergence unless both are written alike. */
export function same(what: string, got: unknown, expected: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(expected))
    throw new Divergence(`${what}: the store says ${JSON.stringify(got)}, the model ${JSON.stringify(expected)}`);
}

export const byText = (a: string, b: string): number => (a < b ? -1 : 1);
