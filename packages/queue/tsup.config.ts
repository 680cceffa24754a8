import { defineConfig } from 'tsup';
import { packageBuild } from '../../tools/toolchain/tsup.ts';

const config: ReturnType<typeof defineConfig> = defineConfig(
  packageBuild(['index', 'cli', 'console', 'prometheus', 'schedules', 'testing']),
);
export default config;
