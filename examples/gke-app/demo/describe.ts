import { createWriteStream, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescribedProcess, Description } from '../../../tools/verify/description.ts';
import type { Child, LogLine } from './child.ts';
import type { System } from './system.ts';

/** Where the demo keeps what its services measure. */
export type Kept = Pick<Description, 'tracesUrl' | 'prometheusUrl'>;

/** Keeps the log of each process in the folder from now on, and writes the description; the file appears once all is in it. */
export function describe(system: System, kept: Kept, folder: string, file: string): void {
  const { apiUrl, receiverUrl, receiver, api, workers } = system;
  const described = (child: Child): DescribedProcess => ({ name: child.name, pid: child.pid, log: keepLog(child, folder) });
  const withProbes = [api, ...workers].map((child) => ({ ...described(child), probesUrl: system.probesUrl(child) }));
  const description: Description = { apiUrl, receiverUrl, ...kept, processes: [described(receiver), ...withProbes] };
  writeFileSync(`${file}.part`, `${JSON.stringify(description, undefined, 2)}\n`);
  renameSync(`${file}.part`, file);
}

function keepLog(child: Child, folder: string): string {
  const file = join(folder, `${child.name}-${child.pid}.log`);
  const stream = createWriteStream(file);
  // The demo is worth more than its log: a full disk does not end it.
  stream.on('error', () => {});
  const write = ({ text }: LogLine) => void stream.write(`${text}\n`);
  for (const line of child.lines) write(line);
  child.onLine(write);
  return file;
}
