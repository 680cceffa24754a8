import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type AnySchema } from 'ajv';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../../tools/workspace/packages.ts';

/** What an Application may hold, as https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml says: only the fields that ours uses. */
const text = { type: 'string', minLength: 1 } as const;
const flag = { type: 'boolean' } as const;
const exact = (properties: Readonly<Record<string, AnySchema>>): AnySchema => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});
const words = (schema: AnySchema): AnySchema => ({ type: 'array', items: schema, minItems: 1 });
const APPLICATION = exact({
  apiVersion: { const: 'argoproj.io/v1alpha1' },
  kind: { const: 'Application' },
  metadata: exact({ name: text, namespace: { const: 'argocd' }, finalizers: words({ const: 'resources-finalizer.argocd.argoproj.io' }) }),
  spec: exact({
    project: text,
    source: exact({
      repoURL: { ...text, not: { pattern: '^oci:' } },
      chart: text,
      // A version or what stands for it; ranges, "latest" and branches are other things tomorrow.
      targetRevision: { type: 'string', pattern: '^(VERSION|\\d+\\.\\d+\\.\\d+(-[\\w.]+)?)$' },
      helm: exact({ releaseName: text, valueFiles: words(text), valuesObject: { type: 'object' } }),
    }),
    destination: exact({ server: text, namespace: text }),
    syncPolicy: exact({
      automated: exact({ prune: flag, selfHeal: flag, allowEmpty: flag }),
      managedNamespaceMetadata: exact({ labels: exact({ 'pod-security.kubernetes.io/enforce': { const: 'restricted' } }) }),
      syncOptions: words({ type: 'string', pattern: '^(CreateNamespace|ServerSideApply|ApplyOutOfSyncOnly)=(true|false)$' }),
      retry: exact({ limit: { type: 'integer' }, backoff: exact({ duration: text, factor: { type: 'integer' }, maxDuration: text }) }),
    }),
  }),
});
const accepts = new Ajv({ allErrors: true }).compile(APPLICATION);

interface Application {
  readonly spec: {
    readonly source: { readonly repoURL: string; readonly helm: { readonly valueFiles: readonly string[]; readonly valuesObject: object } };
  };
}
const file = readFileSync(join(ROOT, 'deploy/argocd/application.yaml'), 'utf8');
const read = (source: string) => parseAllDocuments(source).map((document) => document.toJS() as unknown);

test('the application of Argo CD has only fields that Argo CD knows, one version, and a restricted namespace', () => {
  const [secret, application] = read(file) as [{ stringData: Record<string, unknown> }, Application];
  expect([accepts(application), accepts.errors]).toEqual([true, null]);
  expect(secret.stringData).toEqual({ name: 'nines-charts', type: 'helm', url: application.spec.source.repoURL, enableOCI: 'true' });
});

test('its values are files and values of the chart', () => {
  const [, { spec }] = read(file) as [unknown, Application];
  for (const name of spec.source.helm.valueFiles) readFileSync(join(ROOT, 'deploy/chart', name));
  const schema = JSON.parse(readFileSync(join(ROOT, 'deploy/chart/values.schema.json'), 'utf8')) as object;
  // What other values require is in the value files; here it is about names and types.
  const [values] = read(readFileSync(join(ROOT, 'deploy/chart/values.yaml'), 'utf8')) as [{ gke: { gateway: object } }];
  const own = spec.source.helm.valuesObject as { gke: { gateway: object } };
  const merged = { ...values, gke: { ...values.gke, ...own.gke, gateway: { ...values.gke.gateway, ...own.gke.gateway } } };
  const valid = new Ajv({ allErrors: true, strict: false }).compile(schema);
  expect([valid(merged), valid.errors]).toEqual([true, null]);
});

test.each([
  ['a misspelt field', /selfHeal/, 'selfheal'],
  ['a moving version', /targetRevision: VERSION/, "targetRevision: '*'"],
  ['no pinned version', /^ {4}targetRevision: VERSION\n/m, ''],
  ['an address with its scheme', /repoURL: ghcr/, 'repoURL: oci://ghcr'],
  ['a namespace that is not restricted', /enforce: restricted/, 'enforce: baseline'],
  ['an unknown option', /ServerSideApply=true/, 'ServerSide=true'],
])('a mistake is caught: %s', (_what, pattern, mistake) => {
  const changed = file.replace(pattern, mistake);
  expect(changed).not.toBe(file);
  expect(accepts(read(changed)[1])).toBe(false);
});
