import type { DeadReason, JobState, RateLimit } from '@nines/queue';
import { decodeFailure } from '../../src/failure-record.ts';
import { same } from './divergence.ts';

/** Times of the model are whole units, so long that what a run itself takes can never matter. */
export const UNIT_MS = 100_000;
export const LEASE_UNITS = 3;

export interface Limits {
  readonly maxWaiting: number;
  readonly maxLeaseLosses: number;
  readonly completedCount: number;
  readonly deadCount: number;
  /** One token a unit. */
  readonly rateLimit?: RateLimit;
  readonly globalConcurrency?: number;
}

export type Place = 'waiting' | 'suspects' | 'delayed' | 'held' | 'dead' | 'completed';

export interface ModelJob {
  place: Place;
  attempts: number;
  losses: number;
  /** Why it is dead; undefined for poison. */
  reason?: DeadReason | undefined;
  /** Whether something is remembered of failures. */
  recorded: boolean;
  /** Whether it is active and to end. */
  cancelled: boolean;
  holder: string | undefined;
  /** When it is due, or when it ended, in units. */
  at: number;
  /** Class or group; a completed job has none any more. */
  line: string | undefined;
}

export function boundOf({ deadCount, completedCount }: Limits, place: 'dead' | 'completed'): number {
  return place === 'dead' ? deadCount : completedCount;
}

export function newModelJob(at: number, line: string | undefined): ModelJob {
  return { place: 'waiting', attempts: 0, losses: 0, recorded: false, cancelled: false, holder: undefined, at, line };
}

/** The record of a job that was claimed tells what the model knows of it. */
export function sameHistory(id: string, job: ModelJob, record: string | undefined): void {
  const { attempts, losses } = record === undefined ? { attempts: 0, losses: 0 } : decodeFailure(record);
  same(`history of ${id}`, [record !== undefined, attempts, losses], [job.recorded, job.attempts, job.losses]);
}

/** The jobs of the model. */
export class ModelJobs {
  readonly jobs: Map<string, ModelJob> = new Map();

  in(place: Place): string[] {
    return [...this.jobs].filter(([, job]) => job.place === place).map(([id]) => id);
  }

  stateOf(id: string): JobState | undefined {
    const place = this.jobs.get(id)?.place;
    if (place === 'held') return 'active';
    return place === 'suspects' ? 'waiting' : place;
  }

  placeOf(id: string): string | undefined {
    return this.jobs.get(id)?.line;
  }

  isPlaced(): boolean {
    return [...this.jobs.values()].some(({ line }) => line !== undefined);
  }
}
