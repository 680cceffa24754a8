#!/usr/bin/env node
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianComponents } from './debian.ts';

// Stand-in for `syft scan docker:IMAGE --output cyclonedx-json=FILE`, because syft is in no Debian release: it lists the Debian packages of
// an image, and nothing else of what syft would find.

const USE = 'main.ts scan docker:IMAGE [--quiet] --output cyclonedx-json=FILE';

function main(args: readonly string[]): void {
  const [command, source = '', ...options] = args.filter((arg) => arg !== '--quiet');
  const image = /^docker:(.+)$/.exec(source)?.[1];
  const file = options.length === 2 && options[0] === '--output' ? /^cyclonedx-json=(.+)$/.exec(options[1] ?? '')?.[1] : undefined;
  if (command !== 'scan' || image === undefined || file === undefined) throw new Error(`this stand-in knows only: ${USE}`);
  const components = listed(image);
  if (components.length === 0) throw new Error(`${image} says of no Debian package that it is installed`);
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', name: image } },
    components,
  };
  writeFileSync(file, `${JSON.stringify(bill, undefined, 2)}\n`);
}

/** The files come out of a container that never starts: there is no shell inside to ask. */
function listed(image: string): ReturnType<typeof debianComponents> {
  const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'nines-syft-'));
  const id = docker('create', image);
  try {
    docker('cp', `${id}:/var/lib/dpkg`, join(folder, 'dpkg'));
    docker('cp', '--follow-link', `${id}:/etc/os-release`, join(folder, 'os-release'));
    return debianComponents(join(folder, 'dpkg'), join(folder, 'os-release'));
  } finally {
    docker('rm', id);
    rmSync(folder, { recursive: true });
  }
}

main(process.argv.slice(2));
