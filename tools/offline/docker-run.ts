import { execFile, type ExecFileOptions } from 'node:child_process';

/** Runs a program to its end; gives what it wrote, rejects with the end of that when it fails. */
export function run(program: string, args: readonly string[], options: ExecFileOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(program, args, { maxBuffer: 64 * 1024 * 1024, ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`${program} ${args.slice(0, 2).join(' ')} failed: ${(stderr + stdout).trim().slice(-2000) || error.message}`));
  });
  return promise;
}
