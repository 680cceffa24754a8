import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace/packages.ts';
import { GKE_APIS, type Helm, type TemplateOptions } from './helm.ts';
import { toFiles } from './manifests.ts';

/** A folder of deploy/k8s and the values that it is rendered with. */
export interface Variant {
  readonly name: string;
  readonly options: TemplateOptions;
}

export const K8S: string = join(ROOT, 'deploy', 'k8s');
const RELEASE = 'nines';
const RENDERING = ['image.kustomize=true', 'namespace.create=true'];

/** `base` runs on any cluster; `gke` is whole too, because Spot, load balancers and metrics change objects that base has. */
export const VARIANTS: readonly Variant[] = [
  { name: 'base', options: { set: RENDERING } },
  { name: 'gke', options: { set: RENDERING, values: ['values-gke.yaml'], apiVersions: GKE_APIS } },
];

/** One difference between what is committed and what the chart says. */
export interface Difference {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** File name → content of a folder, its kustomization with the images that are committed. */
export function renderVariant(helm: Helm, { name, options }: Variant, folder: string = join(K8S, name)): ReadonlyMap<string, string> {
  const rendered = helm.template(options);
  if (!rendered.ok) throw new Error(`rendering ${name}: ${rendered.message}`);
  const files = new Map(toFiles(rendered.text, RELEASE));
  const target = join(folder, 'kustomization.yaml');
  const kustomization = existsSync(target) ? readFileSync(target, 'utf8') : '';
  files.set('kustomization.yaml', kustomize([...files.keys()].sort(namespaceFirst), kustomization));
  return files;
}

/** Everything else lives in it. */
function namespaceFirst(a: string, b: string): number {
  return Number(b === 'namespace.yaml') - Number(a === 'namespace.yaml');
}

/** The images stay as `deploy/image` wrote them; all else is rendered. */
function kustomize(files: readonly string[], committed: string): string {
  const images = /^images:\n(?:[ -].*\n)*/m.exec(committed)?.[0] ?? defaultImages;
  return `# The only place for registry and commit, written by deploy/image REGISTRY SHA. The rest is rendered by \`npm run render\`.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${files.map((file) => `  - ${file}\n`).join('')}${images}`;
}

const defaultImages = `images:
${['api', 'worker'].map((name) => `  - name: nines-${name}\n    newName: nines-${name}\n    newTag: run-deploy-image-first\n`).join('')}`;

export function write(files: ReadonlyMap<string, string>, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (!files.has(file)) rmSync(join(folder, file));
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
}

/** Where the folder differs from what it should hold: file and first line of each difference. */
export function compare(files: ReadonlyMap<string, string>, folder: string): Difference[] {
  const present = existsSync(folder) ? readdirSync(folder) : [];
  const strange = present.filter((file) => !files.has(file)).map((file) => ({ file, line: 1, message: 'is not rendered by the chart' }));
  const changed = [...files].flatMap(([file, text]) => {
    if (!present.includes(file)) return [{ file, line: 1, message: 'is missing' }];
    const line = firstDifference(readFileSync(join(folder, file), 'utf8'), text);
    return line === undefined ? [] : [{ file, ...line }];
  });
  return [...strange, ...changed];
}

function firstDifference(committed: string, rendered: string): { line: number; message: string } | undefined {
  if (committed === rendered) return undefined;
  const [have, want] = [committed.split('\n'), rendered.split('\n')];
  const at = want.findIndex((line, index) => line !== have[index]);
  const line = at < 0 ? want.length : at;
  return { line: line + 1, message: `is ${JSON.stringify(have[line] ?? '')}, the chart says ${JSON.stringify(want[line] ?? '')}` };
}
