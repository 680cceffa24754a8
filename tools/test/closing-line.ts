import { writeSync } from 'node:fs';
import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node';

/** What a run came to. Whatever went wrong counts as failed, whether or not a test could be blamed for it. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Prints `N passed, M failed[, K skipped]` as the very last line of a run: when the process exits, after every other reporter.
 *
 * Files that do not load, failing hooks, unhandled errors, tests that never finished and a failed global set-up count as failed.
 * The exit status stays vitest's own; should it be a failure that nothing explains (unmet coverage), that counts as one more.
 */
export default class ClosingLine implements Reporter {
  onInit(vitest: Vitest): void {
    process.once('exit', (status) => {
      const counted = tally(vitest.state.getTestModules(), vitest.state.getUnhandledErrors().length);
      writeSync(1, `${closingLine(status !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted)}\n`);
    });
  }
}

export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

export function tally(modules: readonly TestModule[], unhandled: number): Tally {
  const count = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    if (hasOwnError(module)) count.failed += 1;
    for (const suite of module.children.allSuites()) if (hasOwnError(suite)) count.failed += 1;
    for (const test of module.children.allTests()) count[outcome(test.result().state)] += 1;
  }
  return count;
}

/** A file that did not load or a hook that failed: the error is the module's or the suite's own. */
function hasOwnError(entity: TestModule | TestSuite): boolean {
  return entity.errors().length > 0;
}

/** A test still pending at the end never finished. */
function outcome(state: 'passed' | 'failed' | 'skipped' | 'pending'): keyof Tally {
  return state === 'pending' ? 'failed' : state;
}
