import { expect, test } from 'vitest';
import { digestOf, encodeEnvelope } from '../../src/envelope.ts';
import type { Open } from './actor.ts';

export function sameBodyCases(open: Open): void {
  const job = (id: string, body: string, digest = true) => {
    const bytes = Buffer.from(JSON.stringify(body));
    return { id, delayMs: 0, fresh: false, envelope: encodeEnvelope({ digest: digest ? digestOf(bytes) : undefined, body: bytes }) };
  };

  test('an id that exists with another body is told apart from one that means the same', async () => {
    const { store } = open();
    const verdicts = async (...jobs: ReturnType<typeof job>[]) => (await store.enqueue(jobs)).verdicts;
    expect(await verdicts(job('a', 'one'), job('a', 'one'), job('a', 'two'))).toEqual(['created', 'existing', 'different']);
    expect(await verdicts(job('a', 'one'), job('a', 'two'))).toEqual(['existing', 'different']);
    // Without a digest nothing is compared: a job is repeated after a lost answer.
    expect(await verdicts(job('a', 'two', false))).toEqual(['existing']);
    expect(await verdicts(job('plain', 'one', false), job('plain', 'one'))).toEqual(['created', 'different']);
  });
}
