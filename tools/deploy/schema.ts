import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace/packages.ts';
import type { Manifest } from './manifests.ts';

/** A field that the type of its object refuses. */
export interface SchemaFinding {
  /** `Deployment/nines-api`. */
  readonly object: string;
  /** The line of the object's JSON, with what is wrong about it. */
  readonly message: string;
}

/** Where the types of an API group are; what is in none of these is described in custom-resources.ts. */
const TYPES: readonly (readonly [RegExp, (version: string) => string])[] = [
  [
    /^(v1|(apps|autoscaling|batch|policy)\/v\d|(admissionregistration|networking|rbac\.authorization)\.k8s\.io\/v1)$/,
    (version) => `kubernetes-models/${version}`,
  ],
  [/^gateway\.networking\.k8s\.io\/v1$/, (version) => `@kubernetes-models/gateway-api/${version}`],
];

/**
 * Checks every object against the types that are generated from the OpenAPI description of Kubernetes. The TypeScript compiler refuses a field
 * that a literal has and its type has not, at any depth; the validators of the same packages let unknown fields through.
 */
export function checkSchemas(manifests: readonly Manifest[]): SchemaFinding[] {
  const cache = join(ROOT, 'node_modules', '.cache', 'nines');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'schema-'));
  try {
    manifests.forEach((manifest, index) => writeFileSync(join(folder, fileOf(index)), moduleOf(manifest)));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG));
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    const { status, stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
    const findings = findingsOf(stdout, manifests, folder);
    if (status !== 0 && findings.length === 0) throw new Error(`tsc failed: ${stdout}`);
    return findings;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const CONFIG = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2023',
    types: [],
  },
  include: ['*.ts'],
};

const fileOf = (index: number) => `object-${index}.ts`;

function moduleOf(manifest: Manifest): string {
  const { apiVersion, kind } = manifest;
  const generated = TYPES.find(([pattern]) => pattern.test(apiVersion))?.[1](apiVersion);
  const own = join(ROOT, 'tools', 'deploy', 'custom-resources');
  const type = generated === undefined ? `import('${own}').CustomResources['${kind}']` : `import('${generated}').I${kind}`;
  return `export const object: ${type} = ${JSON.stringify(manifest, undefined, 1)};\n`;
}

function findingsOf(output: string, manifests: readonly Manifest[], folder: string): SchemaFinding[] {
  return [...output.matchAll(/object-(\d+)\.ts\((\d+),\d+\): error \w+: (.*(?:\n .*)*)/g)].map(([, index, line, message]) => {
    const { kind, metadata } = manifests[Number(index)] ?? { kind: '?', metadata: { name: '?' } };
    const lines = readFileSync(join(folder, fileOf(Number(index))), 'utf8').split('\n');
    const text = lines[Number(line) - 1]?.trim();
    return { object: `${kind}/${metadata.name}`, message: `${text}: ${message}` };
  });
}
