import { startFromEnvironment } from './environment.ts';

// CommonJS cannot wait: what the program does before the SDK is loaded is not traced.
void startFromEnvironment();
