import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { debianComponents } from './debian.ts';

function packagesOf(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'dpkg-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ 'os-release': 'NAME="Debian"\nID=debian\nVERSION_ID="13"\n', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return debianComponents(join(folder, 'dpkg'), join(folder, 'os-release')).map(({ purl }) => purl);
}

test('an image without dpkg has a file for each package', () => {
  const libc =
    'Package: libc6\nSource: glibc\nVersion: 2.41-12\nArchitecture: amd64\nDescription: GNU C Library\n more\n Version: of the text\n';
  expect(
    packagesOf({
      'dpkg/status.d/libc6': libc,
      'dpkg/status.d/libc6.md5sums': '1234  lib/libc.so',
      'dpkg/status.d/netbase': 'Package: netbase\nVersion: 6.5\nArchitecture: all\n',
    }),
  ).toEqual(['pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13', 'pkg:deb/debian/netbase@6.5?arch=all&distro=debian-13']);
});

test('one with dpkg has one file, in which a package may be gone', () => {
  const status = [
    'Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.3.dfsg+really1.3.1-1\n',
    'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n',
  ].join('\n');
  expect(packagesOf({ 'dpkg/status': status })).toEqual(['pkg:deb/debian/zlib1g@1:1.3.dfsg%2Breally1.3.1-1?arch=amd64&distro=debian-13']);
});
