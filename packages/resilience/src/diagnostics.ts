import { channel } from 'node:diagnostics_channel';
import type { Observer, PipelineEvent } from '@nines/resilience';

/** The name of the channel of each type of event. A message is the event itself. */
export const CHANNELS: { readonly [T in PipelineEvent['type']]: `nines:resilience:${T}` } = Object.freeze({
  call: 'nines:resilience:call',
  attempt: 'nines:resilience:attempt',
  rejection: 'nines:resilience:rejection',
  retry: 'nines:resilience:retry',
  transition: 'nines:resilience:transition',
  injection: 'nines:resilience:injection',
});

/** What is published on a channel of {@link CHANNELS}, for the typing of a subscriber. */
export type ChannelMessage<T extends PipelineEvent['type']> = Extract<PipelineEvent, { readonly type: T }>;

const channels = {
  call: channel(CHANNELS.call),
  attempt: channel(CHANNELS.attempt),
  rejection: channel(CHANNELS.rejection),
  retry: channel(CHANNELS.retry),
  transition: channel(CHANNELS.transition),
  injection: channel(CHANNELS.injection),
};
const { call, attempt, rejection, retry, transition, injection } = channels;

/**
 * Publishes each event on the `node:diagnostics_channel` of its type, for a monitor that knows nothing of the pipelines it
 * listens to. While no channel has a subscriber no event is built.
 *
 * | channel | message |
 * |---|---|
 * | `nines:resilience:call` | a call ended |
 * | `nines:resilience:attempt` | one run of the function ended; `error` is what it rejected with |
 * | `nines:resilience:rejection` | a policy refused a call or a retry |
 * | `nines:resilience:retry` | a retry policy waits before it tries again |
 * | `nines:resilience:transition` | a circuit breaker changed its state |
 * | `nines:resilience:injection` | a chaos policy struck |
 *
 * Node calls subscribers while the call runs, and makes what one throws an uncaught exception of the process.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { pipeline } from '@nines/resilience';
 * import { CHANNELS, type ChannelMessage, diagnostics } from '@nines/resilience/diagnostics';
 *
 * const inventory = pipeline('inventory', [], { observer: diagnostics() });
 * subscribe(CHANNELS.call, (message) => {
 *   const { pipeline: name, kind } = message as ChannelMessage<'call'>;
 *   console.log(name, kind); // inventory success
 * });
 * await inventory.execute(() => 42);
 * ```
 */
export function diagnostics(): Observer {
  return {
    get active() {
      // Written out, because it is asked three times a call and a loop costs more than all else here.
      if (call.hasSubscribers || attempt.hasSubscribers || rejection.hasSubscribers) return true;
      return retry.hasSubscribers || transition.hasSubscribers || injection.hasSubscribers;
    },
    event: (event) => channels[event.type].publish(event),
  };
}
