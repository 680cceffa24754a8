import { isBuiltin } from 'node:module';
import type { Finding } from '../finding.ts';
import { isPublished, packageOf, unitOf, type House } from '../house.ts';

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

const FREE = /^@nines\/|^@opentelemetry\/api$/;

/** Each third-party package is loaded by one file of a package, its adapter, and is declared in the manifest. */
export function thirdParty(house: House): Finding[] {
  const adapters = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { file, imports } of house.sources.values()) {
    if (!isPublished(file)) continue;
    for (const { specifier, line, typeOnly } of imports) {
      const name = packageOf(specifier);
      if (name === undefined || isBuiltin(specifier) || typeOnly) continue;
      if (!declared(house, unitOf(file), name)) {
        findings.push({ file, line, rule: 'dependency', message: `${name} is neither in dependencies nor in peerDependencies` });
      }
      if (FREE.test(name)) continue;
      const key = `${unitOf(file)} ${name}`;
      const adapter = adapters.get(key) ?? file;
      adapters.set(key, adapter);
      if (adapter !== file) findings.push({ file, line, rule: 'third-party', message: `${name} is imported by ${adapter} already` });
    }
  }
  return findings;
}

function declared(house: House, unit: string, name: string): boolean {
  const path = `${unit}/package.json`;
  if (!house.files.includes(path) || name === unit.replace('packages/', '@nines/')) return true;
  const manifest = JSON.parse(house.read(path)) as Manifest;
  return name in { ...manifest.dependencies, ...manifest.peerDependencies };
}
