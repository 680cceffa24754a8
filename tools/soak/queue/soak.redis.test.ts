import { inject, expect, test } from 'vitest';
import { onPath } from '../../redis/machine.ts';
import { runSoak } from './run.ts';

const program = onPath('redis-server') ?? onPath('valkey-server');

test.skipIf(program === undefined || inject('redisUrl') === '').each([20_260])(
  'a short soak: workers killed and stopped, connections cut, producer and Redis killed; no promise is broken (seed %i)',
  async (seed) => {
    const result = await runSoak({ level: 'always', jobs: 2500, workers: 2, seed, program: program ?? '' });
    expect(result.acts).toEqual({ 'kill worker': 1, 'stop worker': 1, 'cut connections': 1, 'kill producer': 1, 'kill Redis': 1 });
    expect(result).toMatchObject({ lost: [], lostInWindow: 0, staleAcks: [], orphanKeys: [], strangers: [], unexplained: [], kept: true });
    expect(result.acknowledged + result.unanswered).toBe(2500);
    expect(result.handled).toBeGreaterThanOrEqual(result.acknowledged);
  },
);
