import type { QueueOptions } from '@nines/queue';
import { encodeEnvelope } from '../../src/envelope.ts';
import { LEASE_UNITS, UNIT_MS, type Limits } from './job.ts';

export const modelLimits: Limits = { maxWaiting: 60, maxLeaseLosses: 2, completedCount: 6, deadCount: 6 };

/** The limits of a history: a third of them have a rate, a third a cap. */
export function limitsOf(seed: number): Limits {
  if (seed % 3 === 1) return { ...modelLimits, rateLimit: { count: 4, perMs: 4 * UNIT_MS } };
  return seed % 3 === 2 ? { ...modelLimits, globalConcurrency: 5 } : modelLimits;
}

/** Where jobs of a history wait: the common line, classes and groups. */
export const PLACES = [undefined, undefined, 'p1', 'p7', 'p9', 'ga', 'ga', 'gb', 'gc'] as const;

export function modelQueue(name: string, seed: number): QueueOptions {
  const { maxWaiting, maxLeaseLosses, completedCount, deadCount } = modelLimits;
  const { rateLimit, globalConcurrency } = limitsOf(seed);
  const optional = { ...(rateLimit && { rateLimit }), ...(globalConcurrency && { globalConcurrency }) };
  const ageMs = 366 * 86_400_000;
  const kept = { completed: { count: completedCount, ageMs }, dead: { count: deadCount, ageMs } };
  const results = { count: 1_000_000, ageMs };
  return { name, results, leaseMs: LEASE_UNITS * UNIT_MS, maxWaiting, maxLeaseLosses, ...kept, ...optional };
}

/** All have the same digest: whether bodies are the same has a case of its own. */
export const envelopeOf = (id: string): Buffer => encodeEnvelope({ digest: Buffer.alloc(16), body: Buffer.from(JSON.stringify(id)) });

/** A holder of the history, as far as its consumer would know. */
export interface Holder {
  token: string;
  known: boolean;
  readonly running: Map<string, { readonly record: string | undefined; readonly suspect: boolean }>;
}

export const HOLDERS = 4;
