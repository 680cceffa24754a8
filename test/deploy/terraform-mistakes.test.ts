import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingTool, openRoot } from '../../tools/offline/terraform/terraform.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

/**
 * Mistakes that are valid Terraform and bad infrastructure. Each is planted in a copy of a root, and the root's own tests must refuse it
 * with the sentence of the assertion that is there for it: an assertion that nothing can fail is none.
 */
const MISTAKES: readonly (readonly [mistake: string, where: string, before: string, after: string, says: string])[] = [
  [
    'nodes with addresses in the internet',
    'main/cluster.tf',
    'enable_private_nodes = true',
    'enable_private_nodes = false',
    'nodes have no address in the internet',
  ],
  ['the default network', 'main/cluster.tf', 'google_compute_network.this.id', '"default"', 'the cluster is not in the default network'],
  [
    'subnets made by themselves',
    'main/network.tf',
    'auto_create_subnetworks         = false',
    'auto_create_subnetworks = true',
    'makes no',
  ],
  [
    'a way out for every subnet of the region',
    'main/network.tf',
    '"LIST_OF_SUBNETWORKS"',
    '"ALL_SUBNETWORKS_ALL_IP_RANGES"',
    "only the cluster's subnet",
  ],
  ['a network open to everybody', 'main/network.tf', '"35.191.0.0/16"', '"0.0.0.0/0"', "nobody but Google's health checks comes in"],
  ['health checks that no pod answers', 'main/network.tf', '["9464"]', '["8080"]', 'they reach the probes, and nothing else'],
  [
    'a control plane with a public address',
    'main/cluster.tf',
    'ip_endpoints_config {\n      enabled = false',
    'ip_endpoints_config {\n      enabled = true',
    'reached by its DNS name only',
  ],
  [
    "nodes of the project's default account",
    'main/cluster.tf',
    'service_account = google_service_account.nodes.email',
    'service_account = "default"',
    'nodes have an account of their own',
  ],
  ['a cluster that is not Autopilot', 'main/cluster.tf', 'enable_autopilot    = true', 'enable_autopilot = false', 'Autopilot'],
  ['tags that move', 'main/registry.tf', 'immutable_tags = true', 'immutable_tags = false', 'a tag cannot move'],
  [
    'any repository of GitHub',
    'main/identity.tf',
    "assertion.repository == '${var.github_repository}'${local.by_number} && (",
    '(',
    'the condition names the repository',
  ],
  ['whoever takes the name next', 'main/identity.tf', '${local.by_number}', '', 'whoever takes the name after us is not let in'],
  ['any ref', 'main/identity.tf', " && assertion.ref == '${var.github_ref}'", '', 'the condition names the repository, the environments'],
  ['any environment', 'main/identity.tf', '${var.github_repository}/${each.key}', '${var.github_repository}', 'each account is for one'],
  ['an account that may make keys', 'main/identity.tf', 'iam.workloadIdentityUser', 'iam.serviceAccountKeyAdmin', 'may make no key for it'],
  [
    'a deployer that edits the project',
    'main/identity.tf',
    '"roles/container.developer",\n      # to',
    '"roles/container.developer",\n      "roles/editor",\n      # to',
    'the deployer applies to clusters',
  ],
  ['a planner that changes things', 'main/identity.tf', '"roles/viewer"', '"roles/editor"', 'who plans reads only'],
  [
    'grants of any role',
    'main/identity.tf',
    'hasOnly([${join(", ", [for role in local.small_roles : "\'${role}\'"])}])',
    "hasOnly(['roles/owner'])",
    'cannot give a role',
  ],
  [
    'a collector that may do more than write traces',
    'main/workloads.tf',
    'roles/telemetry.tracesWriter',
    'roles/storage.admin',
    'the collector writes traces and the frontend reads metrics',
  ],
  [
    'a frontend that may change alerts',
    'main/workloads.tf',
    'roles/monitoring.viewer',
    'roles/monitoring.editor',
    'the collector writes traces and the frontend reads metrics',
  ],
  [
    'pods of every name',
    'main/workloads.tf',
    'principal://iam.googleapis.com/projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${var.project_id}.svc.id.goog/subject/ns/${var.namespace}/sa/nines-${each.key}',
    'principalSet://iam.googleapis.com/projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${var.project_id}.svc.id.goog/namespace/${var.namespace}',
    'a role is of one service account of the namespace',
  ],
  [
    'pods of another namespace',
    'main/workloads.tf',
    '/ns/${var.namespace}',
    '/ns/default',
    'a role is of one service account of the namespace',
  ],
  [
    'an api that may write traces past the collector',
    'main/workloads.tf',
    'collector = "roles',
    'api = "roles',
    'the collector writes traces and the frontend reads metrics',
  ],
  ['nodes that write images', 'main/workloads.tf', 'artifactregistry.reader', 'artifactregistry.writer', 'nodes write logs and metrics'],
  ['a budget of another size', 'main/budget.tf', 'tostring(var.budget_amount)', '"1000000"', 'the budget is of this project only'],
  ['a budget that tells too late', 'main/budget.tf', 'threshold_percent = 0.5', 'threshold_percent = 1.5', 'told at half, at nine tenths'],
  ['a Redis that evicts jobs', 'main/memorystore.tf', '"noeviction"', '"allkeys-lru"', 'a full queue refuses'],
  ['a Redis without a password', 'main/memorystore.tf', 'auth_enabled            = true', 'auth_enabled = false', 'with a password'],
  ['versions of TLS that are broken', 'main/edge.tf', '"TLS_1_2"', '"TLS_1_0"', 'nothing older than TLS 1.2'],
  ['a zone without signatures', 'main/edge.tf', 'state = "on"', 'state = "off"', 'the zone is of the domain, signed'],
  [
    'a project id that is not looked at',
    'main/variables.tf',
    'can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))',
    'length(var.project_id) > 0',
    'Missing expected failure',
  ],
  [
    'pods in the internet',
    'main/variables.tf',
    'can(regex(local.private, var.pods_range))',
    'length(var.pods_range) > 0',
    'Missing expected failure',
  ],
  [
    'a new project with the default network',
    'bootstrap/main.tf',
    'auto_create_network = false',
    'auto_create_network = true',
    'no default network',
  ],
  [
    'a state that the world can be let into',
    'bootstrap/main.tf',
    'public_access_prevention    = "enforced"',
    'public_access_prevention = "inherited"',
    'no object of the bucket can be made public',
  ],
  [
    'a state that keeps no versions',
    'bootstrap/main.tf',
    'versioning {\n    enabled = true',
    'versioning {\n    enabled = false',
    'can be fetched back',
  ],
  [
    'an endpoint of traces that is not enabled',
    'bootstrap/main.tf',
    '"telemetry.googleapis.com",',
    '',
    'traces and metrics can be taken in',
  ],
  ['a service that is not enabled', 'bootstrap/main.tf', '"sts.googleapis.com",', '', 'The given key does not identify an element'],
];

/** The one file of tests that is about this file: all of them would take minutes. */
function testsOf(where: string): string {
  const of: Readonly<Record<string, string>> = {
    'main/identity.tf': 'identity',
    'main/workloads.tf': 'identity',
    'main/budget.tf': 'options',
    'main/edge.tf': 'options',
    'main/memorystore.tf': 'options',
    'main/variables.tf': 'variables',
    'bootstrap/main.tf': 'bootstrap',
  };
  return of[where] ?? 'main';
}

const missing = missingTool();
if (missing !== undefined) console.warn(`SKIPPED: no mistake is planted in deploy/terraform, because ${missing}`);

describe.skipIf(missing !== undefined)("deploy/terraform's own tests refuse", () => {
  test.each(MISTAKES)(
    '%s',
    async (_, where, before, after, says) => {
      const [name = '', file = ''] = where.split('/');
      const text = readFileSync(join(ROOT, 'deploy/terraform', where), 'utf8');
      expect(text).toContain(before);
      const root = await openRoot(join(ROOT, 'deploy/terraform', name), { [file]: text.replace(before, () => after) });
      try {
        const { status, output } = await root.run('test', '-no-color', `-filter=tests/${testsOf(where)}.tftest.hcl`);
        expect(output.replaceAll(/\s*\n│?\s*/g, ' ')).toContain(says);
        expect(status).toBe(1);
      } finally {
        root.remove();
      }
    },
    120_000,
  );
});
