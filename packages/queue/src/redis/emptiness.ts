import type { Clock } from '../clock.ts';
import { redisError } from './failure.ts';

/**
 * Asks whether keys are gone. What is asked within a moment travels as one command for each hash tag, so that a process
 * with many idle queues costs Redis as little as one with a single queue.
 */
export type IsGone = (key: string) => Promise<boolean>;

const MOMENT_MS = 20;

interface Question {
  readonly resolve: (gone: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export function createIsGone(command: { exists(...keys: string[]): Promise<number> }, clock: Clock): IsGone {
  let asked = new Map<string, Question[]>();
  /** Those that were there the last time are asked alone: one of them would tell nothing about the others. */
  const there = new Set<string>();

  const ask = async (keys: readonly string[], questions: ReadonlyMap<string, readonly Question[]>): Promise<void> => {
    const each = (act: (question: Question, key: string) => void) => {
      for (const key of keys) for (const question of questions.get(key) ?? []) act(question, key);
    };
    try {
      const found = await command.exists(...keys);
      if (found > 0 && keys.length > 1) await Promise.all(keys.map((key) => ask([key], questions)));
      else {
        for (const key of keys) there[found > 0 ? 'add' : 'delete'](key);
        each(({ resolve }) => resolve(found === 0));
      }
    } catch (error) {
      each(({ reject }) => reject(redisError(error, 'EXISTS')));
    }
  };
  const flush = () => {
    const questions = asked;
    asked = new Map();
    const groups = Map.groupBy(questions.keys(), (key) => (there.has(key) ? key : tagOf(key)));
    for (const keys of groups.values()) void ask(keys, questions);
  };

  return (key) =>
    new Promise((resolve, reject) => {
      if (asked.size === 0) clock.after(MOMENT_MS, flush);
      const questions = asked.get(key) ?? [];
      asked.set(key, questions);
      questions.push({ resolve, reject });
    });
}

/** Keys of one hash tag are on one node of a Cluster; keys of several are no command. */
function tagOf(key: string): string {
  return key.slice(0, key.indexOf('}') + 1);
}
