// Shutdown phases under one deadline; SIGTERM and SIGINT would start the same.
import { createLifecycle, handleSignals } from '@nines/telemetry/lifecycle';

const lifecycle = createLifecycle({ deadlineMs: 10_000, onStep: ({ phase, name, outcome }) => console.log(phase, name, outcome) });
const remove = handleSignals(lifecycle);
lifecycle.onShutdown('stop-accepting', 'consumer', () => undefined);
lifecycle.onShutdown('drain', 'jobs in flight', async ({ signal }) => signal.throwIfAborted());
lifecycle.onShutdown('close', 'database', async () => undefined);
const report = await lifecycle.shutdown('example over');
console.log(report.clean);
remove();
