import type { Manifest } from './manifests.ts';

/** Something that is wrong with a rendered object. */
export interface Finding {
  /** Name of the check that found it. */
  readonly check: string;
  /** `Deployment/nines-api`. */
  readonly object: string;
  readonly message: string;
}

/** What a check says; its name is added by whoever runs it. */
export type Problem = Omit<Finding, 'check'>;

/** A rule about objects that belong together: one installation, or one folder of manifests. */
export type Check = (manifests: readonly Manifest[]) => readonly Problem[];

export const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

/** Nothing where it is good, else the one problem. */
export function unless(good: boolean, manifest: Manifest, message: string): Problem[] {
  return good ? [] : [{ object: nameOf(manifest), message }];
}

/** An object of a kind whose `spec` is known. */
export type Of<Spec> = Manifest & { readonly spec: Spec };

/** Every object of these kinds, its `spec` taken to be what the schema of the kind says. */
export function ofKind<Spec>(manifests: readonly Manifest[], ...kinds: string[]): Of<Spec>[] {
  return manifests.filter(({ kind }) => kinds.includes(kind)) as Of<Spec>[];
}

export function find(manifests: readonly Manifest[], kind: string, name: string | undefined): Manifest | undefined {
  return manifests.find((each) => each.kind === kind && each.metadata.name === name);
}
