import { afterAll, beforeAll } from 'vitest';
import { flush } from './calls.ts';

/** Collects the unhandled rejections of this file. The function returned gives those since it was last asked. */
export function unhandledRejections(): () => Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => void process.off('unhandledRejection', note));
  return async () => {
    await flush();
    return unhandled.splice(0);
  };
}
