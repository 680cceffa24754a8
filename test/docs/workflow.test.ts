import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';

/** What tools/workflows checks of every workflow (pins, permissions, injection) is not repeated here. */
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<Record<string, Job>>;
}
interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly environment?: { readonly name: string };
  readonly steps: readonly {
    readonly run?: string;
    readonly uses?: string;
    readonly if?: string;
    readonly with?: Record<string, unknown>;
  }[];
}

const { on, jobs } = parse(readFileSync(join(ROOT, '.github/workflows/docs.yml'), 'utf8')) as Workflow;
const scripts = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;

test('the site is built by a script of the repository, on pull requests too, with all tags', () => {
  expect(jobs['build']?.steps.flatMap(({ run }) => run ?? [])).toEqual([
    'npm ci --ignore-scripts',
    'npm run docs -- --versions --out site',
  ]);
  expect(scripts['docs']).toBe('node tools/docs/main.ts');
  expect(Object.keys(on)).toContain('pull_request');
  expect(jobs['build']?.steps[0]?.with).toMatchObject({ 'fetch-depth': 0 });
});

test('only what is on main is published, as it was built, and only that job may write', () => {
  const { build, publish } = jobs;
  expect(build?.steps.at(-1)).toMatchObject({ if: "github.ref == 'refs/heads/main'", with: { path: 'site' } });
  expect(publish).toMatchObject({ if: "github.ref == 'refs/heads/main'", needs: 'build', environment: { name: 'github-pages' } });
  expect(publish?.steps.map(({ uses }) => uses?.split('@')[0])).toEqual(['actions/deploy-pages']);
  expect([build?.permissions, publish?.permissions]).toEqual([{ contents: 'read' }, { pages: 'write', 'id-token': 'write' }]);
});
