// One JSON object a line; secrets are replaced.
import { createLogger } from '@nines/telemetry/logging';

const logger = createLogger({ serviceName: 'shop', level: 'debug', redact: ['cardNumber'] });
logger.info({ orderId: 7, headers: { authorization: 'Bearer abc' }, cardNumber: '4111' }, 'order accepted');
logger.child({ queue: 'mail' }).debug('queued');
