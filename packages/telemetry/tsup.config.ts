import { defineConfig } from 'tsup';
import { packageBuild } from '../../tools/toolchain/tsup.ts';

const config: ReturnType<typeof defineConfig> = defineConfig({
  ...packageBuild(['index', 'register', 'metrics', 'health', 'lifecycle', 'logging', 'context', 'testing']),
  esbuildOptions(options, { format }) {
    // An ES module waits for the SDK before the program is loaded; CommonJS has no top-level await and starts without waiting.
    // A new object: both formats are given the same one.
    if (format === 'cjs') options.entryPoints = { ...(options.entryPoints as Record<string, string>), register: 'src/register-cjs.ts' };
  },
});
export default config;
