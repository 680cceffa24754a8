import { startTelemetry, type Telemetry, type TelemetryOptions } from '@nines/telemetry';
import { createLogger } from '@nines/telemetry/logging';
import { describeConfig, type ApiConfig, type WorkerConfig } from './config.ts';
import { ConfigError } from './variables.ts';

/** The frame of every process: configuration, telemetry, then the work; a wrong configuration ends with 2, a failed start with 1. */
export async function runService<Config extends ApiConfig | WorkerConfig>(
  serviceName: string,
  read: (env: NodeJS.ProcessEnv) => Config,
  start: (config: Config, telemetry: Telemetry) => Promise<void>,
  options: Pick<TelemetryOptions, 'shutdown'> = {},
): Promise<void> {
  let config: Config;
  try {
    config = read(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    createLogger({ serviceName }).fatal({ code: error.code }, error.message);
    process.exitCode = 2;
    return;
  }
  const telemetry = await startTelemetry({ ...options, serviceName, probes: config.probes });
  telemetry.logger.info({ config: describeConfig(config), probes: telemetry.probes?.url }, 'starting');
  try {
    await start(config, telemetry);
  } catch (error) {
    telemetry.logger.fatal({ err: error }, 'could not start');
    process.exitCode = 1;
    await telemetry.shutdown('could not start');
  }
}
