import type { Durability } from '@nines/queue';

/** Who may die in a run, and what that may cost. */
export interface LevelRules {
  readonly title: string;
  readonly redisDies: boolean;
  /** What a crash of Redis may cost: jobs accepted so many ms before it; `Infinity` for all that the replica did not hear. */
  readonly lossWindowMs: number;
  /** What an enqueue waits for. */
  readonly durability: Durability;
}

export type Level = 'memory' | 'always' | 'everysec' | 'fsync' | 'replica' | 'replicated';

const memory = { durability: 'memory', lossWindowMs: 0 } as const;

/** The levels of a run. */
export const LEVELS: Readonly<Record<Level, LevelRules>> = {
  memory: { title: 'Redis keeps nothing on disk and lives; clients die', redisDies: false, ...memory },
  always: { title: 'appendfsync always; Redis is killed', redisDies: true, ...memory },
  everysec: { title: 'appendfsync everysec; the power fails', redisDies: true, durability: 'memory', lossWindowMs: 2000 },
  fsync: { title: "appendfsync everysec, durability 'fsync'; the power fails", redisDies: true, durability: 'fsync', lossWindowMs: 0 },
  replica: {
    title: 'the primary dies while its replica is behind',
    redisDies: true,
    durability: 'memory',
    lossWindowMs: Number.POSITIVE_INFINITY,
  },
  replicated: {
    title: "durability 'replicated'; the primary dies while its replica is behind",
    redisDies: true,
    durability: 'replicated',
    lossWindowMs: 0,
  },
};
