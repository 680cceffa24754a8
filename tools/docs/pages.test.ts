import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Application, LogLevel, Logger } from 'typedoc';
import { expect, test } from 'vitest';
import { linkSymbols } from './api-links.ts';
import { anchorsWithCode } from './headings.ts';
import { deadLinks } from './links.ts';
import { linkPages } from './page-links.ts';
import { namePages } from './page-names.ts';

const address = 'https://example.com/owner/name';

class Heard extends Logger {
  readonly lines: string[] = [];
  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.lines.push(message);
  }
}

/** A site of one module, a front page and a page with this text, in the section whose code is linked. */
async function site(text: string): Promise<{ readonly html: string; readonly out: string; readonly warnings: readonly string[] }> {
  const root = mkdtempSync(join(tmpdir(), 'pages-'));
  const files: Readonly<Record<string, string>> = {
    'docs/README.md': '# Front\n\n[page](guides/page.md)',
    'docs/guides/page.md': `# A page\n\n${text}\n`,
    'docs/guides/other.md': '# Another\n\n## With `code(x)` in it\n',
    'docs/picture.png': 'png',
    'docs/place.html': '<p></p>',
    'examples/run.ts': '',
    'src/index.ts': '/** Does. */\nexport function doIt(): void {}\n',
    'src/other.ts': '/** Is. */\nexport const it = 1;\n',
    'typedoc.json': '{ "tsconfig": "tsconfig.json" }',
    'tsconfig.json': '{ "compilerOptions": { "noLib": true, "types": [] }, "include": ["src"] }',
  };
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
  const heard = new Heard();
  const pages = ['page', 'other'].map((name) => ({ file: `docs/guides/${name}.md`, section: 'Guides', title: `Title of ${name}` }));
  const app = await Application.bootstrap({
    name: 'site',
    options: join(root, 'typedoc.json'),
    entryPoints: ['index', 'other'].map((name) => join(root, `src/${name}.ts`)),
    readme: join(root, 'docs/README.md'),
    projectDocuments: pages.map(({ file }) => join(root, file)),
    router: 'file',
    markdownItLoader: anchorsWithCode,
    validation: { invalidPath: false },
    skipErrorChecking: true,
    disableSources: true,
    disableGit: true,
  });
  app.logger = heard;
  namePages(app, root, pages, new Map([['index', '@scope/name']]));
  linkPages(app, { root, address, revision: 'v1', places: ['docs/place.html'] });
  linkSymbols(app, new Set(['Guides']));
  const project = await app.convert();
  if (project === undefined) throw new Error(heard.lines.join('\n'));
  const out = join(root, 'site');
  await app.generateDocs(project, out);
  mkdirSync(join(out, 'docs'), { recursive: true });
  writeFileSync(join(out, 'docs/place.html'), files['docs/place.html'] ?? '');
  return { html: readFileSync(join(out, 'docs/guides/page.html'), 'utf8'), out, warnings: heard.lines };
}

test('links of a page work on the site, each in its way', async () => {
  const { html, out, warnings } = await site(
    [
      '[other](other.md#with-codex-in-it)',
      `[by address](${address}/blob/main/docs/guides/other.md)`,
      '[file](../../examples/run.ts)',
      '[folder](../../examples)',
      '[place](../place.html)',
      '![picture](../picture.png)',
      'the function `doIt` of `@scope/name`, [`doIt` in a link](other.md)',
    ].join('\n\n'),
  );
  expect(warnings).toEqual([]);
  expect(deadLinks(out)).toEqual([]);
  const links = [...html.slice(html.indexOf('class="col-content"')).matchAll(/<(?:a|img)[^>]*(?:href|src)="([^"#][^"]*)"/g)].map(
    ([, link]) => link,
  );
  expect(links).toEqual(
    expect.arrayContaining([
      'other.html#with-codex-in-it',
      'other.html',
      `${address}/blob/v1/examples/run.ts`,
      `${address}/tree/v1/examples`,
      '../place.html',
      '../../media/picture.png',
      '../../functions/_scope_name.doIt.html',
      '../../modules/_scope_name.html',
    ]),
  );
  expect(html).toContain('<title>Title of page | site</title>');
  expect(html.match(/functions\/_scope_name\.doIt\.html/g)).toHaveLength(1);
});

test('a link to a file or to a place that is not there is a warning', async () => {
  const { warnings } = await site(`[gone](gone.md) [gone](${address}/blob/main/gone.ts) [no place](other.md#gone)`);
  expect(warnings.map((line) => line.split('. You may')[0])).toEqual([
    'docs/guides/page.md: the link to gone.md is dead, there is no such file',
    `docs/guides/page.md: the link to ${address}/blob/main/gone.ts is dead, there is no such file`,
    'Title of page links to other.md#gone, but the anchor does not exist',
  ]);
});
