import { defineConfig } from 'tsup';
import { packageBuild } from '../../tools/toolchain/tsup.ts';

const config: ReturnType<typeof defineConfig> = defineConfig(packageBuild(['index', 'cli', 'console', 'prometheus', 'testing']));
export default config;
