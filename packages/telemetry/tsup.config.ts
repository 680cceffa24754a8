import { defineConfig } from 'tsup';
import { packageBuild } from '../../tools/toolchain/tsup.ts';

const config: ReturnType<typeof defineConfig> = defineConfig(
  packageBuild(['index', 'register', 'metrics', 'health', 'lifecycle', 'logging', 'testing']),
);
export default config;
