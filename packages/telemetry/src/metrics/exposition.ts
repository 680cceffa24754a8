import type { Family } from './collection.ts';
import type { Exemplar } from './registry.ts';

/** What a scrape may ask for. */
export type Format = 'text' | 'openmetrics';

/** The `Content-Type` of each format. */
export const contentTypes: Readonly<Record<Format, string>> = Object.freeze({
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
});

const header = /^# (HELP|TYPE) (\S+) (.*)$/u;

function exemplarText({ labelSet, value, timestamp }: Exemplar): string {
  const labels = Object.entries(labelSet).map(([name, text]) => `${name}="${text}"`);
  return ` # {${labels.join(',')}} ${value} ${timestamp.toFixed(3)}`;
}

/**
 * OpenMetrics of what was written as Prometheus text. The clients' own OpenMetrics renames each counter for good at the first use; here
 * every series keeps its name: only the family of a counter loses `_total`, as the format wants, and a counter without it is `unknown`.
 *
 * Source: OpenMetrics 1.0, https://github.com/prometheus/OpenMetrics
 */
function openMetrics({ text, samples }: Family): string {
  const type = / TYPE \S+ (\S+)$/mu.exec(text)?.[1] ?? 'unknown';
  let index = 0;
  const lines = text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const [, keyword, name = '', rest = ''] = header.exec(line) ?? [];
    if (keyword !== undefined) {
      const total = type === 'counter' && name.endsWith('_total');
      const family = total ? name.slice(0, -'_total'.length) : name;
      const typed = type === 'untyped' || (type === 'counter' && !total) ? 'unknown' : rest;
      return [`# ${keyword} ${family} ${keyword === 'TYPE' ? typed : rest.replaceAll('"', String.raw`\"`)}`];
    }
    const exemplar = samples[index]?.exemplar;
    index += 1;
    return [exemplar === undefined ? line : line + exemplarText(exemplar)];
  });
  return lines.join('\n');
}

/** A whole scrape in one format. */
export function expose(families: readonly Family[], format: Format): string {
  if (format === 'text') return `${families.map(({ text }) => text).join('\n\n')}\n`;
  return [...families.map(openMetrics), '# EOF\n'].join('\n');
}
