import { createServer } from 'node:http';
import { startTelemetry } from '@nines/telemetry';
import { trackServer } from '@nines/telemetry/lifecycle';
import { httpServerMetrics } from '@nines/telemetry/metrics';

/* The service that is told to stop at a random moment: every request takes a little while, writes a line and is counted. */
const telemetry = await startTelemetry({ serviceName: 'soak', probes: { port: 0 }, shutdown: { drainDelayMs: 1000, deadlineMs: 20_000 } });
const { logger, lifecycle, metrics } = telemetry;
const http = httpServerMetrics(metrics);
const server = createServer((request, response) => {
  http.track(request, response, () => '/work');
  // A few turns of the event loop, so that the signal finds requests at every stage.
  let turns = Number(request.headers['x-turns'] ?? 0);
  const turn = (): void => {
    if (turns-- > 0) {
      setImmediate(turn);
      return;
    }
    logger.info('handled');
    response.end('ok');
  };
  turn();
});
trackServer(lifecycle, server);
lifecycle.onShutdown('flush', 'samples', async () => {
  const name = 'http_server_request_duration_seconds_count';
  const line = (await metrics.metrics()).split('\n').find((text) => text.startsWith(`${name}{`));
  logger.info({ samples: Number(line?.split(' ').at(-1) ?? 0) }, 'counted');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  logger.info({ port, probes: telemetry.probes?.url }, 'listening');
});
