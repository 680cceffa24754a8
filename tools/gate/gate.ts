import { mapLimit, run } from '../workspace/run.ts';
import type { Step } from './steps.ts';

export interface GateOptions {
  readonly cwd: string;
  readonly say: (line: string) => void;
  /** How many steps of one stage run side by side. */
  readonly atOnce: number;
}

/**
 * Runs the stages in order and stops after the first with a failed step. The last step writes its own output as it comes
 * and nothing is said after it, so that its closing line is the last. Returns whether all is well.
 */
export async function runGate(stages: readonly (readonly Step[])[], options: GateOptions): Promise<boolean> {
  const last = stages.at(-1)?.at(-1);
  for (const stage of stages) {
    let failed = false;
    await mapLimit(stage, options.atOnce, async (step) => {
      if (failed) return;
      if (!(await (step === last ? live(step, options) : kept(step, options)))) failed = true;
    });
    if (failed) return false;
  }
  return true;
}

async function kept(step: Step, { cwd, say }: GateOptions): Promise<boolean> {
  const { status, output, seconds } = await run(step.command, { cwd });
  const well = status === 0;
  if (!well) say(output.trimEnd());
  say(`${well ? 'ok    ' : 'FAILED'} ${step.name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s`);
  return well;
}

async function live(step: Step, { cwd, say }: GateOptions): Promise<boolean> {
  say(`run    ${step.name}`);
  return (await run(step.command, { cwd, live: true })).status === 0;
}
