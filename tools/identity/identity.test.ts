import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../workspace/packages.ts';
import { applyIdentity, checkIdentity, readIdentity, siteOf } from './identity.ts';

/** A repository of one package under another scope, without any address. */
function repository(): string {
  const root = mkdtempSync(join(tmpdir(), 'identity-'));
  const files = {
    'packages/queue/package.json':
      '{ "name": "@old/queue", "version": "1.0.0", "repository": { "url": "git+https://example.com/old/home.git" } }',
    Dockerfile: 'ARG SOURCE=https://example.com/old/home',
    'README.md': "npm install @old/queue; the key is old:queue, and @older/queue is somebody else's; read https://old.github.io/home/",
    'tools/identity/identity.json': '{ "scope": "@new", "repository": "https://example.com/owner/name" }',
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  execFileSync('git', ['add', '--all'], { cwd: root });
  return root;
}

test('what differs from the identity is named by file and field, and written in one go', () => {
  const root = repository();
  const identity = readIdentity(root);
  expect(checkIdentity(root, identity, ['queue']).map(({ file, message }) => `${file} ${message.split(' ')[0]}`)).toEqual([
    'packages/queue/package.json name',
    'packages/queue/package.json repository',
    'packages/queue/package.json homepage',
    'packages/queue/package.json bugs',
  ]);
  expect(applyIdentity(root, identity, ['queue']).toSorted()).toEqual(['Dockerfile', 'README.md', 'packages/queue/package.json']);
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toBe('ARG SOURCE=https://example.com/owner/name');
  expect(checkIdentity(root, identity, ['queue'])).toEqual([]);
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe(
    "npm install @new/queue; the key is old:queue, and @older/queue is somebody else's; read https://owner.github.io/name/",
  );
  expect(applyIdentity(root, identity, ['queue'])).toEqual([]);
});

test('an identity that npm would refuse is refused with its value', () => {
  const root = repository();
  writeFileSync(join(root, 'tools/identity/identity.json'), '{ "scope": "nines", "repository": "https://example.com/owner/name" }');
  expect(() => readIdentity(root)).toThrow('scope must look like @name, got nines');
});

test('the README links the docs site where GitHub serves it', () => {
  const site = siteOf(readIdentity(ROOT));
  expect(site).toMatch(/^https:\/\/[a-z0-9-]+\.github\.io\/[^/]+\/$/);
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(`](${site})`);
});
