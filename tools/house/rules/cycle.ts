import type { Finding } from '../finding.ts';
import { resolveRelative, unitOf, type House } from '../house.ts';
import type { Import } from '../source.ts';

interface Edge {
  readonly to: string;
  readonly line: number;
}

/** No import cycle inside a package, types included: every file has a rank, and imports only files of a lower one. */
export function cycle(house: House): Finding[] {
  const graph = importGraph(house);
  const done = new Set<string>();
  const path: string[] = [];
  const findings: Finding[] = [];
  const visit = (file: string): void => {
    path.push(file);
    for (const { to, line } of graph.get(file) ?? []) {
      const start = path.indexOf(to);
      if (start !== -1)
        findings.push({ file, line, rule: 'cycle', message: `closes an import cycle: ${[...path.slice(start), to].join(' → ')}` });
      else if (!done.has(to)) visit(to);
    }
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) if (!done.has(file)) visit(file);
  return findings;
}

function importGraph(house: House): Map<string, Edge[]> {
  const edge = (file: string, { specifier, line }: Import): Edge[] => {
    const to = resolveRelative(file, specifier);
    return to !== undefined && house.sources.has(to) && unitOf(to) === unitOf(file) ? [{ to, line }] : [];
  };
  return new Map([...house.sources.values()].map(({ file, imports }) => [file, imports.flatMap((one) => edge(file, one))]));
}
