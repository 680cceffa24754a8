import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RedisProbes } from '../../../../tools/redis/find.ts';
import { machineProbes, onPath } from '../../../../tools/redis/machine.ts';

const run = promisify(execFile);

/** What the machine is asked; the same questions as for Redis. */
export type PrometheusProbes = Pick<RedisProbes, 'platform' | 'root' | 'terminal' | 'has' | 'confirm'>;

type Command = readonly [program: string, ...args: string[]];

/**
 * The Prometheus program: found on PATH, or installed where that is possible without a password (as root on Debian without a terminal, else
 * after a yes on one). Undefined when there is none: `say` has told so, and everything else of the demo runs without.
 */
export async function ensurePrometheus(
  say: (line: string) => void,
  probes: PrometheusProbes = machineProbes(),
): Promise<string | undefined> {
  if (probes.has('prometheus')) return onPath('prometheus');
  const commands = installation(probes);
  const shown = commands?.at(-1)?.join(' ');
  if (commands !== undefined && (await permitted(probes, shown ?? ''))) {
    say(`prometheus is not installed: installing it with ${commands[0]?.[0]}`);
    try {
      for (const [program, ...args] of commands) await run(program, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
      return onPath('prometheus');
    } catch {
      say(`prometheus could not be installed: "${shown}" failed`);
    }
  }
  say(`prometheus is missing (${shown ?? 'see https://prometheus.io/download'}): no alerts are evaluated; everything else runs`);
  return undefined;
}

function installation({ platform, root, has }: PrometheusProbes): readonly Command[] | undefined {
  if (platform === 'linux' && has('apt-get') && (root || has('sudo'))) {
    const apt = (...args: string[]): Command => (root ? ['apt-get', '-qq', ...args] : ['sudo', 'apt-get', '-qq', ...args]);
    return [apt('update'), apt('install', '-y', '--no-install-recommends', 'prometheus')];
  }
  return has('brew') ? [['brew', 'install', 'prometheus']] : undefined;
}

async function permitted(probes: PrometheusProbes, command: string): Promise<boolean> {
  if (!probes.terminal) return probes.root && probes.has('apt-get');
  return probes.confirm(`Prometheus is not installed. Run "${command}" now?`);
}
