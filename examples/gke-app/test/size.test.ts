import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const src = new URL('../src/', import.meta.url);

/** Lines that are neither blank nor comment. */
function linesOfCode(file: string): number {
  const lines = readFileSync(new URL(file, src), 'utf8').split('\n');
  return lines.filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length;
}

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.ts$/.test(file));

test('api and worker stay small enough to be read at one sitting', () => {
  const services = sources.filter((file) => /^(api|worker)\//.test(file));
  expect(services.length).toBeGreaterThan(5);
  expect(services.reduce((sum, file) => sum + linesOfCode(file), 0)).toBeLessThanOrEqual(400);
});

test('what a team copies imports nothing of the demo', () => {
  for (const file of sources) expect(readFileSync(new URL(file, src), 'utf8'), file).not.toMatch(/from '[^']*\/(demo|events|test)\//);
});
