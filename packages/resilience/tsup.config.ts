import { defineConfig } from 'tsup';
import { packageBuild } from '../../tools/toolchain/tsup.ts';

/** The sub-path entries import `.` by the package's own name, so that its classes exist once: it must stay an import. */
const config: ReturnType<typeof defineConfig> = defineConfig({
  ...packageBuild([
    'index',
    'throttle',
    'opossum',
    'p-retry',
    'prometheus',
    'otel',
    'diagnostics',
    'testing',
    'chaos',
    'hedge',
    'limit',
    'fetch',
    'http',
    'ioredis',
  ]),
  external: ['@nines/resilience'],
});
export default config;
