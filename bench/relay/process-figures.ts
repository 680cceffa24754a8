import { readFileSync } from 'node:fs';

/** Ticks of `/proc/PID/stat`; the same on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time that a process has taken, user and system, of all threads; undefined where there is no `/proc`. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name, in parentheses, may hold spaces; user and system time are the twelfth and thirteenth field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** MiB of memory that a process has in use; undefined where there is no `/proc`. */
export function residentMiB(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
