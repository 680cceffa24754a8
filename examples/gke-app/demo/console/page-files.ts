import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

const TYPES = { html: 'text/html', css: 'text/css', ts: 'text/javascript', svg: 'image/svg+xml' } as const;
const folder = new URL('page/', import.meta.url);

/** The page, by path: its TypeScript as the ES modules that browsers run once Node has taken the types out. There is no build. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = readdirSync(folder).flatMap((name) => {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES] as string | undefined;
    if (type === undefined) return [];
    const text = readFileSync(new URL(name, folder), 'utf8');
    const path = name === 'index.html' ? '/' : `/page/${name}`;
    return [[path, { type: `${type}; charset=utf-8`, text: name.endsWith('.ts') ? stripTypeScriptTypes(text) : text }] as const];
  });
  return new Map(files);
}
