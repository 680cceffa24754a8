import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';

/** Terraform, the scripts, the chart and the manifests call the same things by the same names: what is written twice is compared. */
const read = (file: string): string => readFileSync(join(ROOT, 'deploy', file), 'utf8');

/** The value of `name =` (or `default =`) in one block of a root. */
function inTerraform(file: string, block: string, argument: string): string | undefined {
  const text = read(`terraform/main/${file}`);
  const body = text.slice(text.indexOf(block), text.indexOf('\n}', text.indexOf(block)));
  return new RegExp(`^ +${argument} += "([^"]*)"`, 'm').exec(body)?.[1];
}

const lib = read('scripts/lib.sh');
const upgrade = read('scripts/upgrade');
const fallback = (variable: string): string | undefined => new RegExp(`^${variable}=(?:\\$\\{\\w+:-)?([\\w-]+)\\}?$`, 'm').exec(lib)?.[1];

test.each([
  ['the region', fallback('region'), inTerraform('variables.tf', 'variable "region"', 'default'), 'asia-south1'],
  ['the cluster', fallback('cluster'), inTerraform('cluster.tf', '"google_container_cluster"', 'name'), 'sre-platform'],
  ['the namespace', fallback('namespace'), inTerraform('variables.tf', 'variable "namespace"', 'default'), 'nines'],
  [
    'the registry',
    /pkg\.dev\/\$project\/([\w-]+)/.exec(lib)?.[1],
    inTerraform('registry.tf', '"google_artifact_registry_repository"', 'repository_id'),
    'sre-portfolio-repo',
  ],
  [
    'the address',
    /^ {4}address: (\S+)$/m.exec(read('chart/values-gke.yaml'))?.[1],
    inTerraform('edge.tf', '"google_compute_global_address"', 'name'),
    'nines',
  ],
  [
    'the certificate map',
    /^ {4}certificateMap: (\S+)$/m.exec(read('chart/values-gke.yaml'))?.[1],
    inTerraform('edge.tf', 'resource "google_certificate_manager_certificate_map" ', 'name'),
    'nines',
  ],
  [
    'the SSL policy',
    /^ {4}sslPolicy: (\S+)$/m.exec(read('chart/values-gke.yaml'))?.[1],
    inTerraform('edge.tf', '"google_compute_ssl_policy"', 'name'),
    'nines',
  ],
  ['the Secret', /^need_secret (\S+)$/m.exec(upgrade)?.[1], /^existingSecret: (\S+)$/m.exec(read('chart/values.yaml'))?.[1], 'nines'],
  [
    'the Secret of Redis',
    /\|\| need_secret (\S+)$/m.exec(upgrade)?.[1],
    /^ {2}passwordSecret: (\S+)$/m.exec(read('chart/values.yaml'))?.[1],
    'nines-redis',
  ],
])('%s has one name', (_, one, other, name) => {
  expect([one, other]).toEqual([name, name]);
});

test.each(['redis.statefulset', 'api.deployment', 'worker.deployment'])('apply waits for %s by its name', (file) => {
  const [component = '', kind = ''] = file.split('.');
  expect(read(`k8s/base/${file}.yaml`)).toContain(`name: nines-${component}\n`);
  expect(read('scripts/apply')).toContain(`${kind}/nines-${component}`);
});

test("the load balancer's health check comes from where Terraform lets it in, to the port that it opens", () => {
  const network = read('terraform/main/network.tf');
  const policy = read('k8s/gke/api.healthcheckpolicy.yaml');
  expect(/ports += \["(\d+)"\]/.exec(network)?.[1]).toBe(/^ +port: (\d+)$/m.exec(policy)?.[1]);
  const ranges = /source_ranges += \[(.*)\]/.exec(network)?.[1]?.replaceAll('"', '');
  expect(ranges).toBe(/loadBalancers: \[(.*)\]/.exec(read('chart/values-gke.yaml'))?.[1]);
});

test('whoever has a role at Google is a service account of the chart, and a pod runs as it', () => {
  const workloads = read('terraform/main/workloads.tf');
  const pods = workloads.slice(workloads.indexOf('pods = {'), workloads.indexOf('\n  }', workloads.indexOf('pods = {')));
  const names = [...pods.matchAll(/^ {4}(\w+) += "roles\//gm)].map(([, name]) => name);
  expect(names).toEqual(['collector', 'frontend']);
  expect(workloads).toContain('/sa/nines-${each.key}"');
  for (const [name, file] of [
    ['collector', 'collector.yaml'],
    ['frontend', 'grafana-frontend.yaml'],
  ] as const) {
    const template = read(`chart/templates/${file}`);
    expect(template).toContain(`$${name} := dict "root" . "component" "${name}"`);
    // nines.pod runs a pod as the service account of its own component.
    expect(template).toMatch(new RegExp(`kind: ServiceAccount\nmetadata:\n {2}\\{\\{- include "nines.metadata" \\$${name} `));
    expect(template).toContain(`include "nines.pod" $${name} `);
  }
  expect(read('chart/templates/_pod.tpl')).toContain('serviceAccountName: {{ .root.Release.Name }}-{{ .component }}');
});

test('the network, the subnet and the registry are named as agreed', () => {
  expect(inTerraform('variables.tf', 'variable "network_name"', 'default')).toBe('sre-platform-vpc');
  expect(inTerraform('variables.tf', 'variable "subnetwork_name"', 'default')).toBe('sre-platform-subnet');
});

test('both roots ask for the same Terraform and the same provider, and none holds a key', () => {
  const [bootstrap = '', main = ''] = ['bootstrap', 'main'].map((root) => read(`terraform/${root}/versions.tf`));
  const version = /required_version = "([^"]+)"/;
  expect([version.exec(bootstrap)?.[1], version.exec(main)?.[1]]).toEqual(['>= 1.11', '>= 1.11']);
  for (const text of [bootstrap, main]) expect(text).toContain('version = ">= 6.50, < 8"');
  expect(main).toContain('backend "gcs" {}');
  expect(bootstrap + main + read('terraform/main/identity.tf')).not.toMatch(/service_account_key|credentials\s*=/);
});

test('the cluster commands of the manual are at most six', () => {
  const manual = /```sh\n([^]*?)```/.exec(read('TERRAFORM.md'))?.[1] ?? '';
  const commands = manual.trimEnd().split('\n');
  expect(commands.length).toBeLessThanOrEqual(6);
  for (const command of commands.filter((one) => one.startsWith('deploy/')))
    expect(read(command.split(' ')[0]?.slice('deploy/'.length) ?? '')).toContain('#!');
});
