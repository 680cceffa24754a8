import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Sibling packages resolve to their TypeScript sources, so that no test needs a build. */
const conditions = ['@nines/source'];
const source = { resolve: { conditions }, ssr: { resolve: { conditions, externalConditions: conditions } } };

const never = ['**/node_modules/**', '**/dist/**', '**/fixtures/**'];
const project = (name: string, include: string[], options: Record<string, unknown> = {}) => ({
  ...source,
  extends: true as const,
  // No test is about time; these are only for one that hangs.
  test: {
    name,
    include,
    exclude: never,
    benchmark: { include: [] },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 50_000, interval: 20 } },
    ...options,
  },
});

/** Images, chart and Terraform: what takes long and changes seldom, so that the inner loop stays short. */
const deployment = [
  'test/deploy/**/*.test.ts',
  'tools/offline/**/*.test.ts',
  'examples/*/test/{alertmanager,bundle,live-queries,verify}.redis.test.ts',
];
/** What runs in containers: one daemon and one pair of images for all of them. */
const containers = ['test/containers/**/*.test.ts', 'examples/*/test/image.redis.test.ts'];
const long = [...deployment, ...containers];
const onRedis = {
  globalSetup: ['./tools/test/redis.setup.ts'],
  runner: './tools/test/redis.runner.ts',
};

const config: ViteUserConfig = defineConfig({
  ...source,
  test: {
    // One less than there are processors is vitest's own choice: one, on a small machine, with the other idle while tests wait for processes.
    maxWorkers: '100%',
    reporters: ['default', './tools/test/closing-line.ts'],
    projects: [
      project(
        'unit',
        [
          'packages/*/src/**/*.test.ts',
          'packages/*/test/**/*.test.ts',
          'tools/**/*.test.ts',
          'examples/*/{src,demo,test}/**/*.test.ts',
          'bench/**/*.test.ts',
          'test/**/*.test.ts',
        ],
        {
          exclude: [...never, ...long, '**/*.redis.test.ts', '**/*.packed.test.ts'],
        },
      ),
      project(
        'redis',
        [
          'packages/*/**/*.redis.test.ts',
          'examples/*/**/*.redis.test.ts',
          'tools/**/*.redis.test.ts',
          'bench/**/*.redis.test.ts',
          'test/**/*.redis.test.ts',
        ],
        { ...onRedis, exclude: [...never, ...long] },
      ),
      project('deploy', deployment, onRedis),
      project('containers', containers, {
        ...onRedis,
        globalSetup: [...onRedis.globalSetup, './tools/test/containers.setup.ts'],
        testTimeout: 180_000,
        hookTimeout: 600_000,
      }),
      project('types', [], { typecheck: { enabled: true, only: true, include: ['packages/*/test/**/*.test-d.ts'], checker: 'tsc' } }),
      project('packed', ['test/packed/*.packed.test.ts'], {
        globalSetup: ['./test/packed/setup.ts'],
        testTimeout: 300_000,
        hookTimeout: 300_000,
      }),
    ],
  },
});
export default config;
