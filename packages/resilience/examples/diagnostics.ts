// A monitor that knows no pipeline: it listens to the channels of the process.
import { subscribe } from 'node:diagnostics_channel';
import { fixed, pipeline, retry } from '@nines/resilience';
import { CHANNELS, type ChannelMessage, diagnostics } from '@nines/resilience/diagnostics';

subscribe(CHANNELS.retry, (message) => {
  const { pipeline: name, attempt, delayMs } = message as ChannelMessage<'retry'>;
  console.log(`${name}: attempt ${attempt} after ${delayMs} ms`);
});
subscribe(CHANNELS.call, (message) => {
  const { pipeline: name, kind, attempts } = message as ChannelMessage<'call'>;
  console.log(`${name}: ${kind} after ${attempts} attempts`);
});

const inventory = pipeline('inventory', [retry({ backoff: fixed(1) })], { observer: diagnostics() });
const stock = await inventory.execute((ctx) => {
  if (ctx.attempt === 1) throw new Error('connection reset');
  return 42;
});
console.log('stock', stock);
