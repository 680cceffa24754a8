import { startTelemetry } from '@nines/telemetry';
const telemetry = await startTelemetry({ serviceName: 'x' });
await telemetry.shutdown();
