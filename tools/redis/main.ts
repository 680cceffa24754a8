import { join } from 'node:path';
import { findRedis } from './find.ts';
import { machineProbes } from './machine.ts';
import { newerServers, NEWER_CACHE } from './newer.ts';

const HELP = `Usage: npm run redis

Says which Redis the tests use here, and which newer servers they also run on. Version 8 of Redis and Valkey come from PATH, or
from packages of Debian's newest stable suite, which are unpacked below ${NEWER_CACHE} (10 MB are fetched) and installed nowhere.

Exit codes: 0 all are there, 1 something is missing, 2 wrong use.`;

async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    const asked = args[0] === '--help' || args[0] === '-h';
    console[asked ? 'log' : 'error'](HELP);
    return asked ? 0 : 2;
  }
  const plan = await findRedis({ ...machineProbes(), terminal: false });
  console.log(`tests: ${plan.how === 'program' ? plan.program : plan.how}`);
  const { servers, reason } = await newerServers(join(import.meta.dirname, '../..', NEWER_CACHE));
  for (const { product, version, program } of servers) console.log(`${product} ${version}: ${program}`);
  if (reason !== '') console.log(`missing: ${reason}`);
  return plan.how === 'none' || reason !== '' ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
