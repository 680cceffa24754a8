import { calls } from './calls.ts';

/*
 * One call in a process of its own, so that nobody's types or garbage slow down another's. Prints the CPU nanoseconds that a
 * call took, user and system, of all threads: `node call-process.ts INDEX COUNT`.
 */
const [index, count] = process.argv.slice(2).map(Number);
const chosen = calls[index ?? -1];
if (chosen === undefined || count === undefined || !(count > 0)) throw new Error('usage: call-process.ts INDEX COUNT');

const call = chosen.prepare();
for (let i = 0; i < Math.min(count, 200_000); i++) call(i);
const before = process.cpuUsage();
for (let i = 0; i < count; i++) call(i);
const { user, system } = process.cpuUsage(before);
console.log(((user + system) * 1000) / count);
