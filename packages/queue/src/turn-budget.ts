import type { Clock } from './clock.ts';

/** Keeps handlers that only compute from blocking the event loop together; a single one may take longer. */
export interface TurnBudget {
  /** True from the moment the budget was spent until the event loop has had its turn. */
  readonly spent: boolean;
  /** Whether what has run since `startedAt` is enough for this turn; then `resume` is called in the next one. */
  spend(startedAt: number): boolean;
}

const BUDGET_MS = 25;

export function createTurnBudget(clock: Clock, resume: () => void): TurnBudget {
  let spent = false;
  return {
    get spent() {
      return spent;
    },
    spend(startedAt) {
      if (clock.now() - startedAt <= BUDGET_MS) return false;
      spent = true;
      clock.endOfTurn(() => {
        spent = false;
        resume();
      });
      return true;
    },
  };
}
