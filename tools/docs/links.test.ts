import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { deadLinks } from './links.ts';

function site(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'links-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

test('links to pages, places, folders, files and other sites are fine', () => {
  const folder = site({
    'index.html':
      '<a href="a/b.html#one%20two">b</a><a class="x" href="#here">here</a><p id="here"></p><script src="assets/x.js?v=1"></script>',
    'a/b.html':
      '<h2 id="one two">b</h2><a href="../">up</a><a href="./">same</a><img src="../assets/p.png"><a href="https://example.com/x#y">out</a><a href="mailto:a@b">m</a>',
    'a/index.html': '<link rel="stylesheet" href="../assets/x.js"><a href="b.html#">top</a>',
    'assets/x.js': '',
    'assets/p.png': '',
  });
  expect(deadLinks(folder)).toEqual([]);
});

test.each([
  ['<a href="gone.html">', 'gone.html', 'there is no a/gone.html'],
  ['<a href="b.html#gone">', 'b.html#gone', 'a/b.html has no place "gone"'],
  ['<a href="#gone">', '#gone', 'a/a.html has no place "gone"'],
  ['<a title="x" href="b.html#a&amp;b">', 'b.html#a&b', 'a/b.html has no place "a&b"'],
  ['<img alt="" src="../p.png">', '../p.png', 'there is no p.png'],
  ['<script type="module" src="x.js">', 'x.js', 'there is no a/x.js'],
  ['<link rel="stylesheet" href="x.css">', 'x.css', 'there is no a/x.css'],
  ['<a href="../../b.html">', '../../b.html', 'it leaves the site'],
  ['<a href="folder/">', 'folder/', 'there is no a/folder/index.html'],
])('%s is dead', (html, link, why) => {
  const folder = site({ 'a/a.html': `<p>${html}</p>`, 'a/b.html': '<h1 id="here">b</h1>' });
  expect(deadLinks(folder)).toEqual([{ page: 'a/a.html', link, why }]);
});
