import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SloError } from '../errors.ts';

/** Reads a file, or says which one cannot be read and why. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SloError('INVALID_OPTION', `${path} cannot be read: ${reason(cause)}`, { cause });
  }
}

/** Reads a file of JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new SloError('INVALID_OPTION', `${path} must be JSON: ${reason(cause)}`, { cause });
  }
}

/**
 * Writes all of these files or, when one cannot be written, none: each goes to a file beside its place first, and only when all are
 * complete they are renamed. So nobody ever reads half a file.
 */
export async function writeFiles(files: readonly { readonly path: string; readonly text: string }[]): Promise<void> {
  const drafts = files.map(({ path, text }) => ({ path, text, draft: join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`) }));
  try {
    for (const { draft, text } of drafts) {
      await mkdir(dirname(draft), { recursive: true });
      await writeFile(draft, text, { flag: 'wx' });
    }
    for (const { draft, path } of drafts) await rename(draft, path);
  } catch (cause) {
    await Promise.all(drafts.map(({ draft }) => rm(draft, { force: true }).catch(() => {})));
    throw new SloError('INVALID_OPTION', `nothing was written: ${reason(cause)}`, { cause });
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
