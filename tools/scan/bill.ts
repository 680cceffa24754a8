/** A package of npm. */
export interface Package {
  readonly name: string;
  readonly version: string;
}

/** Nothing to scan is not the same as nothing found. */
export class EmptyBill extends Error {}

/**
 * The packages of a package-lock.json that are more than tools of development.
 * Not `npm sbom`: with workspaces it leaves out what is a development dependency of the root as well (npm 11.19).
 */
export function lockedPackages(text: string): readonly Package[] {
  const { packages } = JSON.parse(text) as {
    // A name is there where the folder has another: `npm:` in a manifest.
    readonly packages: Readonly<Record<string, { name?: string; version?: string; dev?: boolean; link?: boolean }>>;
  };
  return Object.entries(packages).flatMap(([path, { name: own, version, dev, link }]) => {
    const folder = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    return folder === undefined || version === undefined || dev === true || link === true ? [] : [{ name: own ?? folder, version }];
  });
}

/** The packages that the bundle's list of licences names, `==== …` and then `name@version (licence)`: esbuild says what went in, and no scanner can see it. */
export function bundledPackages(licences: string): readonly Package[] {
  return [...licences.matchAll(/^={80}\n((?:@[^/@\s]+\/)?[^/@\s]+)@(\S+) \(/gm)].map(([, name = '', version = '']) => ({ name, version }));
}

interface Component {
  readonly type: string;
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

interface Bill {
  readonly components?: readonly { readonly purl?: string }[];
}

/** A CycloneDX bill of these packages alone, or of what `image` (the bill of an image) lists as well. The same packages give the same bytes. */
export function billOf(name: string, packages: readonly Package[], image?: string): string {
  if (packages.length === 0) throw new EmptyBill(`no package of npm was found for ${name}, so a scan would find nothing`);
  const base =
    image === undefined
      ? { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, metadata: { component: { type: 'application', name } } }
      : parseBill(name, image);
  const listed = (base as Bill).components ?? [];
  const known = new Set(listed.map(({ purl }) => purl));
  const added = packages.map(componentOf).filter(({ purl }) => !known.has(purl));
  const unique = [...new Map(added.map((one) => [one.purl, one])).values()].toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
  return `${JSON.stringify({ ...base, components: [...listed, ...unique] }, undefined, 2)}\n`;
}

function parseBill(name: string, text: string): object {
  const bill = JSON.parse(text) as Bill & { readonly bomFormat?: string };
  if (bill.bomFormat !== 'CycloneDX') throw new EmptyBill(`the bill of ${name} is not CycloneDX`);
  if ((bill.components ?? []).length === 0) throw new EmptyBill(`the bill of ${name} lists nothing of the image`);
  return bill;
}

function componentOf({ name, version }: Package): Component {
  // the scope's @ is escaped in a package URL, the slash is not
  const purl = `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}
