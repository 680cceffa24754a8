import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { podFindings, podSpecOf } from '../../tools/deploy/pod-rules.ts';
import { checkSchemas } from '../../tools/deploy/schema.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

// Starts a compiler: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

/** What deploy/scripts/kind gives to a cluster of one's own machine must fit what is deployed there; no cluster is needed to see that. */
const read = (file: string): Manifest[] => parseManifests(readFileSync(join(ROOT, file), 'utf8'));
const kind = (file: string): Manifest[] => read(`deploy/scripts/kind/${file}`);
const gke = globSync('deploy/k8s/gke/*.yaml', { cwd: ROOT })
  .filter((file) => !file.endsWith('kustomization.yaml'))
  .flatMap(read);

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { name: string }[];
  };
}

test('the receiver, and the way to it, have only fields that their types know', () => {
  expect(checkSchemas([...kind('receiver.yaml'), ...kind('receiver.networkpolicy.yaml')])).toEqual([]);
});

test('the receiver keeps to the rules of every other pod', () => {
  const pods = kind('receiver.yaml').flatMap((manifest) => podSpecOf(manifest) ?? []);
  expect(pods).toHaveLength(1);
  expect(pods.flatMap(podFindings)).toEqual([]);
});

test('the stand-ins are exactly the kinds that deploy/k8s/gke has and Kubernetes does not', () => {
  const definitions = kind('crds.yaml') as unknown as (Definition & Manifest)[];
  const stand = definitions.map(({ spec }) => `${spec.group}/${spec.versions.map(({ name }) => name).join()} ${spec.names.kind}`);
  const custom = gke.flatMap(({ apiVersion, kind }) =>
    /\.(gke\.io|googleapis\.com|k8s\.io)\/|^gateway/.test(apiVersion) ? [`${apiVersion} ${kind}`] : [],
  );
  const builtIn = /^(networking|rbac\.authorization|policy|storage)\.k8s\.io\//;
  expect(new Set(stand)).toEqual(new Set(custom.filter((one) => !builtIn.test(one))));
  expect(definitions.map(({ metadata, spec }) => metadata.name === `${spec.names.plural}.${spec.group}`)).not.toContain(false);
});

test('the node has the labels that pods of deploy/k8s/gke select', () => {
  const node = readFileSync(join(ROOT, 'deploy/scripts/kind/cluster.yaml'), 'utf8');
  const selected = gke.flatMap((manifest) => Object.entries(podSpecOf(manifest)?.nodeSelector ?? {}));
  expect(selected).toEqual([['cloud.google.com/gke-spot', 'true']]);
  for (const [label, value] of selected) expect(node).toContain(`${label}: '${value}'`);
});

test('the policy selects the worker, and the port of the receiver', () => {
  const [policy] = kind('receiver.networkpolicy.yaml') as unknown as {
    spec: { podSelector: { matchLabels: Record<string, string> }; egress: unknown };
  }[];
  const worker = gke.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'nines-worker') as unknown as {
    spec: { template: { metadata: { labels: Record<string, string> } } };
  };
  expect(worker.spec.template.metadata.labels).toMatchObject(policy?.spec.podSelector.matchLabels ?? { none: 'none' });
  expect(JSON.stringify(policy?.spec.egress)).toContain('"port":8080');
});
