import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifests, type Manifest } from '../deploy/manifests.ts';
import { K8S } from '../deploy/render.ts';

/** Every object of a folder of `deploy/k8s`. */
export function renderedManifests(name: 'base' | 'gke'): Manifest[] {
  return readdirSync(join(K8S, name))
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap((file) => parseManifests(readFileSync(join(K8S, name, file), 'utf8')));
}
