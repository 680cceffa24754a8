import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A link on a page of the site that leads nowhere. */
export interface DeadLink {
  readonly page: string;
  readonly link: string;
  readonly why: string;
}

/** Every link, image, script and style within the folder that leads to no file, or to no such place in a page. Links to other sites are not followed. */
export function deadLinks(folder: string): DeadLink[] {
  const files = new Set(listFiles(folder));
  const pages = new Map(
    [...files].filter((file) => file.endsWith('.html')).map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
  const anchors = new Map<string, Set<string>>();
  const anchorsOf = (page: string): Set<string> => {
    const known = anchors.get(page) ?? anchorsIn(pages.get(page) ?? '');
    anchors.set(page, known);
    return known;
  };
  const check = (page: string, link: string): DeadLink[] => {
    const [path = '', anchor = ''] = link.split('#');
    const target = path === '' ? page : pageAt(posix.join(posix.dirname(page), decodeURI(path.split('?')[0] ?? '')));
    if (target.startsWith('..')) return [{ page, link, why: 'it leaves the site' }];
    if (!files.has(target)) return [{ page, link, why: `there is no ${target}` }];
    const place = decodeURIComponent(anchor);
    if (place === '' || !pages.has(target) || anchorsOf(target).has(place)) return [];
    return [{ page, link, why: `${target} has no place "${place}"` }];
  };
  return [...pages].flatMap(([page, html]) => [...linksIn(html)].flatMap((link) => check(page, link)));
}

/** Paths in the folder, with slashes. */
function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => posix.relative(slashes(folder), slashes(join(entry.parentPath, entry.name))));
}

function pageAt(path: string): string {
  return path === '.' || path.endsWith('/') ? posix.join(path, 'index.html') : path;
}

/** Links to places on this site: what names a scheme or a host is another site's. */
function linksIn(html: string): Set<string> {
  const found = [...html.matchAll(/<(?:a|img|link|script|source)\b[^>]*?\s(?:href|src)="([^"]*)"/g)].map((match) =>
    unescape(match[1] ?? ''),
  );
  return new Set(found.filter((link) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(link)));
}

function anchorsIn(html: string): Set<string> {
  return new Set([...html.matchAll(/\sid="([^"]+)"/g)].map((match) => unescape(match[1] ?? '')));
}

function unescape(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}
