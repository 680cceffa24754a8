import { startFromEnvironment } from './environment.ts';

await startFromEnvironment();
