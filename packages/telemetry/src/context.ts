export { type Carrier, extractContext, injectContext, runInContext } from './context/carrier.ts';
export { correlationId, correlationIdOf, withCorrelationId } from './context/correlation-id.ts';
