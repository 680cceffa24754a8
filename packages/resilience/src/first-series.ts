import type { AttemptInfo, BreakerState, OutcomeKind, PipelineView, PolicySnapshot, RejectionReason } from '@nines/resilience';
import type { Counter, Histogram } from './instruments.ts';

/** What counts the events of pipelines. */
export interface Instruments {
  readonly calls: Counter<'pipeline' | 'outcome'>;
  readonly duration: Histogram<'pipeline'>;
  readonly attempts: Counter<'pipeline' | 'kind' | 'outcome'>;
  readonly rejections: Counter<'pipeline' | 'policy' | 'reason'>;
  readonly transitions: Counter<'pipeline' | 'from' | 'to'>;
  readonly injected: Counter<'pipeline' | 'kind'>;
}

/*
 * A counter that first appears at 1 shows no rise to whoever asks for one. So every series a pipeline can have is made, at 0,
 * when the pipeline is: which ones it can have is told by what its policies say of themselves.
 */

export const STATES: readonly BreakerState[] = ['closed', 'open', 'half_open', 'isolated'];

const OUTCOMES: readonly OutcomeKind[] = ['success', 'failure', 'transient', 'throttled', 'ignored', 'rejected'];

const ATTEMPTS: readonly AttemptInfo['kind'][] = ['first', 'retry', 'hedge'];

const TRANSITIONS: readonly (readonly [BreakerState, BreakerState])[] = [
  ['closed', 'open'],
  ['open', 'half_open'],
  ['half_open', 'open'],
  ['half_open', 'closed'],
  // By hand only:
  ['open', 'closed'],
  ['closed', 'isolated'],
  ['open', 'isolated'],
  ['half_open', 'isolated'],
  ['isolated', 'closed'],
];

/** Why a policy refuses, by what it shows. */
const REASONS: Readonly<Partial<Record<keyof PolicySnapshot, readonly RejectionReason[]>>> = {
  breakers: ['open', 'half_open', 'isolated'],
  limiter: ['full', 'waited'],
  permits: ['rate'],
  rejectionRatio: ['throttled'],
  retryBudget: ['budget'],
};

/** What some policies refuse for besides. */
const MORE_REASONS: Readonly<Record<string, readonly RejectionReason[]>> = {
  'adaptive-limit': ['share', 'evicted'],
  'load-shedding': ['share', 'evicted'],
  hedge: ['budget'],
};

/** Makes every series of a new pipeline. */
export function startAtZero({ calls, duration, attempts, rejections, transitions, injected }: Instruments, view: PipelineView): void {
  const pipeline = view.name;
  duration.start({ pipeline });
  for (const outcome of OUTCOMES) {
    calls.inc({ pipeline, outcome }, 0);
    for (const kind of ATTEMPTS) attempts.inc({ pipeline, kind, outcome }, 0);
  }
  for (const { name: policy, ...state } of view.policies()) {
    for (const reason of MORE_REASONS[policy] ?? []) rejections.inc({ pipeline, policy, reason }, 0);
    for (const shown of Object.keys(state) as (keyof PolicySnapshot)[]) {
      for (const reason of REASONS[shown] ?? []) rejections.inc({ pipeline, policy, reason }, 0);
    }
    if (state.breakers !== undefined) for (const [from, to] of TRANSITIONS) transitions.inc({ pipeline, from, to }, 0);
    for (const kind of Object.keys(state.injected ?? {})) injected.inc({ pipeline, kind }, 0);
  }
}
