/** What becomes of the tests in containers. */
export type Rung = { readonly run: true } | { readonly run: false; readonly fails: boolean; readonly line: string };

export interface RungSituation {
  /** Why no container can run here; undefined when one can. */
  readonly noDocker: string | undefined;
  /** The variable SKIP_R3. */
  readonly skip: string | undefined;
  /** The variable CI. */
  readonly ci: string | undefined;
}

const HOW = "to leave them out say why: SKIP_R3='no container runs on this machine'";
/** What people write when they mean "yes", which is no reason. */
const NO_REASON = /^(1|y|yes|on|true|skip|0|n|no|off|false)$/i;

/** Whether a line asks to leave the rung out, and may: then Docker need not be looked for. */
export function skipAsked(skip: string | undefined): boolean {
  return skip !== undefined && skip.trim() !== '' && !NO_REASON.test(skip.trim());
}

/**
 * The tests in containers are run where a container can run. In continuous integration they are left out only for a reason that
 * somebody gave, so that a runner that lost its Docker does not turn green by testing less; on a developer's machine they are
 * left out by themselves, loudly and counted.
 */
export function containerRung({ noDocker, skip, ci }: RungSituation): Rung {
  const asked = skip?.trim() ?? '';
  if (skipAsked(skip)) return { run: false, fails: false, line: `SKIPPED: the tests in containers. SKIP_R3 says: ${asked}` };
  if (asked !== '') {
    return { run: false, fails: true, line: `SKIP_R3 is "${asked}", which is no reason for leaving out the tests in containers; ${HOW}` };
  }
  if (noDocker === undefined) return { run: true };
  if (inContinuousIntegration(ci)) {
    return { run: false, fails: true, line: `FAILED: the tests in containers cannot run, and CI is set. ${noDocker}; ${HOW}` };
  }
  return { run: false, fails: false, line: `SKIPPED: the tests in containers. ${noDocker}` };
}

function inContinuousIntegration(ci: string | undefined): boolean {
  return ci !== undefined && !/^(|0|false)$/i.test(ci);
}
