import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, expect, test } from 'vitest';
import { circuitBreaker, fixed, pipeline, retry, type PipelineEvent } from '@nines/resilience';
import { chaos, fault } from '@nines/resilience/chaos';
import { CHANNELS, type ChannelMessage, diagnostics } from '@nines/resilience/diagnostics';
import { FakeClock } from '@nines/resilience/testing';
import { down, up } from '../test/calls.ts';

const off: (() => void)[] = [];
afterEach(() => {
  for (const one of off.splice(0)) one();
});

function listen<T extends PipelineEvent['type']>(type: T, hear: (message: ChannelMessage<T>) => void): void {
  const listener = (message: unknown): void => hear(message as ChannelMessage<T>);
  subscribe(CHANNELS[type], listener);
  off.push(() => unsubscribe(CHANNELS[type], listener));
}

test('each type of event is published on its channel, as observers see it', async () => {
  const heard: string[] = [];
  const observed: string[] = [];
  for (const type of Object.keys(CHANNELS) as PipelineEvent['type'][]) {
    listen(type, (event) => heard.push(`${event.type} ${event.pipeline}`));
  }
  const clock = new FakeClock();
  const faults = [fault({ rate: 1, error: () => new Error('made up') })];
  const policies = [retry({ maxAttempts: 2, backoff: fixed(1) }), circuitBreaker({ minimumCalls: 2 }), chaos({ enabled: true, faults })];
  const p = pipeline('p', policies, { clock, observer: diagnostics() });
  p.subscribe((event) => observed.push(`${event.type} ${event.pipeline}`));
  const call = p.executeOutcome(up);
  await clock.advance(1);
  await call;
  await p.executeOutcome(up);
  expect(heard).toEqual(observed);
  expect([...new Set(heard)].toSorted()).toEqual(
    Object.keys(CHANNELS)
      .map((type) => `${type} p`)
      .toSorted(),
  );
});

test('while nobody subscribes nothing is built; from the first subscriber on it is', async () => {
  const observer = diagnostics();
  const events: PipelineEvent[] = [];
  const p = pipeline('p', [], {
    observer: {
      ...observer,
      get active() {
        return observer.active ?? true;
      },
      event: (event) => void events.push(event),
    },
  });
  await p.execute(up);
  expect(events).toEqual([]);
  const kinds: string[] = [];
  listen('call', ({ kind }) => kinds.push(kind));
  await p.execute(up);
  await p.executeOutcome(down);
  expect(events.map(({ type }) => type)).toEqual(['attempt', 'call', 'attempt', 'call']);
  expect(kinds).toEqual([]);
});

test('one that is not active silences no other', async () => {
  const types: string[] = [];
  const p = pipeline('p', [], { observer: [diagnostics(), { event: ({ type }) => void types.push(type) }] });
  await p.execute(up);
  expect(types).toEqual(['attempt', 'call']);
});
