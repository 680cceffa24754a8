import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Sibling packages resolve to their TypeScript sources, so that no test needs a build. */
const conditions = ['@nines/source'];
const source = { resolve: { conditions }, ssr: { resolve: { conditions, externalConditions: conditions } } };

const project = (name: string, include: string[], options: Record<string, unknown> = {}) => ({
  ...source,
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**'], benchmark: { include: [] }, ...options },
});

const config: ViteUserConfig = defineConfig({
  ...source,
  test: {
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
          exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**', '**/*.redis.test.ts', '**/*.packed.test.ts'],
        },
      ),
      project(
        'redis',
        ['packages/*/**/*.redis.test.ts', 'examples/*/**/*.redis.test.ts', 'tools/**/*.redis.test.ts', 'test/**/*.redis.test.ts'],
        {
          globalSetup: ['./tools/test/redis.setup.ts'],
          runner: './tools/test/redis.runner.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      ),
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
