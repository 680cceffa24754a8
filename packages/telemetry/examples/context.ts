// A correlation id on every log line, and trace and baggage carried by a message.
import { correlationIdOf, injectContext, runInContext, withCorrelationId } from '@nines/telemetry/context';
import { startTelemetry } from '@nines/telemetry';

const telemetry = await startTelemetry({ serviceName: 'shop' });
const headers = { 'x-request-id': 'order-7', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };

const message = runInContext(headers, () =>
  withCorrelationId(correlationIdOf(headers), () => {
    telemetry.logger.info('accepted');
    return injectContext();
  }),
);
console.log(message);
runInContext(message, () => telemetry.logger.info('handled elsewhere'));
await telemetry.shutdown();
