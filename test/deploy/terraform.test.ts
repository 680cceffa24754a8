import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingTool, openRoot } from '../../tools/offline/terraform/terraform.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

const TERRAFORM = join(ROOT, 'deploy/terraform');
const MINUTES_2 = 120_000;
const missing = missingTool();
if (missing !== undefined) console.warn(`SKIPPED: deploy/terraform is not checked here, because ${missing}`);

/** Each plants one fault into a file of a root, and names what terraform must say. */
const FAULTS: readonly (readonly [fault: string, root: string, file: string, before: string, after: string, says: RegExp])[] = [
  [
    'an argument that does not exist',
    'main',
    'cluster.tf',
    'enable_autopilot ',
    'enable_autopilots ',
    /"enable_autopilots" is not expected here/,
  ],
  [
    'a nested argument that does not exist',
    'main',
    'cluster.tf',
    'enable_private_nodes',
    'private_nodes',
    /"private_nodes" is not expected here/,
  ],
  ['a block that does not exist', 'main', 'network.tf', 'log_config {', 'logging {', /Blocks of type "logging" are not expected here/],
  ['a value of another type', 'main', 'registry.tf', 'immutable_tags = true', 'immutable_tags = "always"', /a bool is required/],
  ['a required argument left out', 'bootstrap', 'main.tf', '  location = var.region\n', '', /"location" is required/],
  [
    'a block given twice',
    'bootstrap',
    'main.tf',
    '  versioning {',
    '  versioning {\n    enabled = false\n  }\n  versioning {',
    /Too many versioning/,
  ],
  ['a resource type that does not exist', 'main', 'budget.tf', 'google_billing_budget', 'google_billing_budgets', /Invalid resource type/],
  [
    'an output that nothing has',
    'main',
    'outputs.tf',
    'global_address.this.address',
    'global_address.this.ip',
    /no argument, nested block, or exported attribute named "ip"/,
  ],
];

test('the roots have more than 25 assertions of their own', () => {
  const files = globSync('*/tests/*.tftest.hcl', { cwd: TERRAFORM });
  const assertions = files.flatMap((file) => readFileSync(join(TERRAFORM, file), 'utf8').match(/^ {2}assert \{$/gm) ?? []);
  expect(assertions.length).toBeGreaterThan(25);
});

describe.skipIf(missing !== undefined)('deploy/terraform', () => {
  test('is formatted', () => {
    const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-recursive', TERRAFORM], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test.each([
    ['bootstrap', 6],
    ['main', 36],
  ])(
    '%s is valid, and its own %i tests pass',
    async (name, count) => {
      const root = await openRoot(join(TERRAFORM, name));
      try {
        const validated = await root.run('validate', '-no-color');
        expect(validated.output).toContain('The configuration is valid.');
        const tested = await root.run('test', '-no-color');
        expect(tested.output).toContain(`Success! ${count} passed, 0 failed.`);
        expect([validated.status, tested.status]).toEqual([0, 0]);
      } finally {
        root.remove();
      }
    },
    MINUTES_2,
  );

  test.each(FAULTS)(
    'refuses %s',
    async (_, name, file, before, after, says) => {
      const text = readFileSync(join(TERRAFORM, name, file), 'utf8');
      expect(text).toContain(before);
      const root = await openRoot(join(TERRAFORM, name), { [file]: text.replaceAll(before, () => after) });
      try {
        const { status, output } = await root.run('validate', '-no-color');
        expect(output.replaceAll(/\s*\n│?\s*/g, ' ')).toMatch(says);
        expect(status).toBe(1);
      } finally {
        root.remove();
      }
    },
    MINUTES_2,
  );
});
