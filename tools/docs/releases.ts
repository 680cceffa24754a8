/** A release that has a folder on the site. */
export interface Release {
  /** `0.2.1` */
  readonly version: string;
  /** The tag of its commit. */
  readonly tag: string;
}

/** Older ones are in the repository: a site must fit into one upload, and nobody reads ten minors back. */
const MOST = 8;

/**
 * The releases to show, newest first: the last patch of each minor, eight at most. All packages are released together and each has a tag of its own
 * (`@nines/slo@0.2.1`); pre-releases have no folder.
 */
export function releasesOf(tags: readonly string[], scope: string): Release[] {
  const found = tags.flatMap((tag) => {
    const [, name, version] = /^(@[^/]+)\/[^@]+@(\d+\.\d+\.\d+)$/.exec(tag) ?? [];
    return name === scope && version !== undefined ? [{ version, tag }] : [];
  });
  const newest = found.toSorted((a, b) => compare(b.version, a.version));
  const minor = ({ version }: Release) => version.slice(0, version.lastIndexOf('.'));
  return newest.filter((one, at) => at === newest.findIndex((other) => minor(other) === minor(one))).slice(0, MOST);
}

function compare(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}
