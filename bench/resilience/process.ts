import { scenarios } from './all.ts';

/*
 * One scenario in a process of its own, so that nobody's types or garbage slow down another's. Prints the CPU nanoseconds
 * a call took, user and system, of all threads: `node process.ts INDEX CALLS`.
 */

const [index, asked] = process.argv.slice(2).map(Number);
const scenario = scenarios[index ?? -1];
if (scenario === undefined || asked === undefined || !(asked > 0)) throw new Error('usage: process.ts INDEX CALLS');

const calls = Math.min(asked, scenario.calls ?? asked);
const call = await scenario.prepare();
for (let i = 0; i < Math.min(calls, 200_000); i++) await call();
const before = process.cpuUsage();
for (let i = 0; i < calls; i++) await call();
const { user, system } = process.cpuUsage(before);
console.log(Math.round(((user + system) * 1_000) / calls));
process.exit(0);
