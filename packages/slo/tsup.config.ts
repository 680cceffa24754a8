import { defineConfig } from 'tsup';
import { packageBuild } from '../../tools/toolchain/tsup.ts';

const config: ReturnType<typeof defineConfig> = defineConfig(
  packageBuild(['index', 'backtest', 'cli', 'grafana', 'matchers', 'openslo', 'prometheus', 'report', 'simulate']),
);
export default config;
