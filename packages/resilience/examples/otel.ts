// One span for each attempt; without an OpenTelemetry SDK the spans go nowhere and cost next to nothing.
import { pipeline } from '@nines/resilience';
import { tracing } from '@nines/resilience/otel';

const inventory = pipeline('inventory', [], { observer: tracing() });
console.log('stock', await inventory.execute(() => 42));
