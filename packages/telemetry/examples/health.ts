// A check runs in the background; a probe reads the last result and never waits.
import { createHealth } from '@nines/telemetry/health';

const health = createHealth();
const changed = new Promise<void>((resolve) => void health.onChange(() => resolve()));
health.check('database', () => Promise.reject(new Error('refused')), { intervalMs: 5000, timeoutMs: 500 });
await changed;
console.log(health.live().status, health.ready().status, health.ready().body);
health.stop();
