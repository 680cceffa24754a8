import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A component of a CycloneDX bill, as syft names a Debian package. */
export interface Component {
  readonly type: 'library';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

/** What dpkg's folder says is installed: one `status` file, or in distroless images `status.d` with a file for each package. */
export function debianComponents(dpkg: string, osRelease: string): readonly Component[] {
  const distribution = distributionOf(readFileSync(osRelease, 'utf8'));
  const stanzas = statusFiles(dpkg).flatMap((file) => readFileSync(file, 'utf8').split(/\n{2,}/));
  const components = stanzas.map(fieldsOf).flatMap((fields) => componentOf(fields, distribution));
  return components.toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
}

function statusFiles(dpkg: string): string[] {
  const folder = join(dpkg, 'status.d');
  const each = existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.md5sums')) : [];
  return [join(dpkg, 'status'), ...each.map((name) => join(folder, name))].filter((file) => existsSync(file));
}

function fieldsOf(stanza: string): ReadonlyMap<string, string> {
  return new Map([...stanza.matchAll(/^([A-Z][\w-]*): *(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

function componentOf(fields: ReadonlyMap<string, string>, distribution: string): Component[] {
  const [name, version, arch] = ['Package', 'Version', 'Architecture'].map((field) => fields.get(field));
  const status = fields.get('Status');
  if (name === undefined || version === undefined || (status !== undefined && !status.endsWith(' installed'))) return [];
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version).replaceAll('%3A', ':')}?arch=${arch}&distro=${distribution}`;
  return [{ type: 'library', 'bom-ref': purl, name, version, purl }];
}

function distributionOf(text: string): string {
  const value = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${value('ID')}-${value('VERSION_ID')}`;
}
