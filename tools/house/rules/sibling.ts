import type { Finding } from '../finding.ts';
import { isTest, packageOf, resolveRelative, unitOf, type House } from '../house.ts';
import type { Source, Import } from '../source.ts';

/** Which siblings each package may import; a package always may import itself by name. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'packages/slo': [],
  'packages/resilience': [],
  'packages/telemetry': [],
  'packages/queue': ['@nines/resilience'],
};

/** What is generated from the example's objectives: the one way from a tool into the example. */
const GENERATOR = { file: 'tools/generate.ts', target: 'examples/gke-app/src/objectives.ts' };

/** Who may import whom: levels between packages, public exports only, and nothing published reaches tools, bench, test or examples. */
export function sibling(house: House): Finding[] {
  return [...house.sources.values()].flatMap((source) =>
    source.imports.flatMap((one) => {
      const message = refusal(source, one);
      return message === undefined ? [] : [{ file: source.file, line: one.line, rule: 'sibling', message }];
    }),
  );
}

function refusal({ file }: Source, { specifier }: Import): string | undefined {
  const unit = unitOf(file);
  const target = resolveRelative(file, specifier);
  if (target !== undefined) return relativeRefusal(file, unit, target);
  const name = packageOf(specifier);
  const siblings = ALLOWED[unit];
  if (siblings === undefined || name === undefined || !name.startsWith('@nines/')) return undefined;
  if (name === unit.replace('packages/', '@nines/') || siblings.includes(name)) return undefined;
  return `${unit} may not import ${name} (allowed: ${siblings.join(', ') || 'no sibling'})`;
}

function relativeRefusal(file: string, unit: string, target: string): string | undefined {
  const reached = unitOf(target);
  if (reached === unit) return leavesSource(file, target) ? `a published file may not import ${target}` : undefined;
  if (reached.startsWith('packages/')) return `import ${reached.replace('packages/', '@nines/')} by its public exports, not ${target}`;
  if (file === GENERATOR.file && target === GENERATOR.target) return undefined;
  if (reached.startsWith('examples/')) return `${unit} may not import the example's ${target}`;
  return reachesTools(file, reached) ? undefined : `${unit} may not import ${target}`;
}

/** The files under src are all that a user gets. */
function leavesSource(file: string, target: string): boolean {
  const src = /^packages\/[^/]+\/src\//.exec(file)?.[0];
  return src !== undefined && !isTest(file) && (!target.startsWith(src) || isTest(target));
}

/** Tools and benches serve tests, scripts and configuration files only. */
function reachesTools(file: string, reached: string): boolean {
  if (/^(packages|examples)\/[^/]+\/src\//.test(file) && !isTest(file)) return false;
  if (/^packages\/[^/]+\/examples\//.test(file)) return false;
  return reached === 'tools' || reached === 'bench' || isTest(file) || /^(tools|bench|test|[^/]+$)/.test(file);
}
