import { mayMakeNetworks, missingForNetworks } from '../../tools/cluster/network.ts';
import { findContainers, type Containers } from '../../tools/test/containers.ts';
import { containerRung } from '../../tools/test/rung.ts';

export interface Found {
  readonly containers: Containers;
  /** Why the tests are left out, or undefined: for `describe.skipIf`. */
  readonly skipped: string | undefined;
}

/** The containers of this run, and whether they can be given networks here. @throws Error where they must and cannot */
export async function findCluster(): Promise<Found> {
  const containers = await findContainers();
  if (containers.skipped !== undefined) return { containers, skipped: containers.skipped };
  const rung = mayMakeNetworks()
    ? containerRung({ noDocker: missingForNetworks(), skip: process.env['SKIP_R3'], ci: process.env['CI'] })
    : {
        run: false as const,
        fails: false,
        line: 'SKIPPED: the containers on a network of their own. Only root may make networks: .ci/containers',
      };
  if (rung.run) return { containers, skipped: undefined };
  if (rung.fails) throw new Error(rung.line);
  process.stderr.write(`\n${rung.line}\n\n`);
  return { containers, skipped: rung.line };
}
