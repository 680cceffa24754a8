import { build } from './build.ts';

try {
  await build({ force: process.argv.includes('--force'), say: console.log });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
