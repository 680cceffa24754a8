import type { Inspector } from '@nines/queue';
import type { Action } from './protocol.ts';
import { deadLettersOf, refuseUnknownFields } from './request-values.ts';

type Body = Readonly<Record<string, unknown>>;

/** Carries out one action; resolves to the ids of the jobs that it changed. */
type Carry = (inspector: Inspector<unknown>, body: Body) => Promise<readonly string[]>;

/** Every way to change a queue, by the last part of its path. */
export const ACTIONS: Readonly<Record<Action, Carry>> = Object.freeze({
  redrive: (inspector, body) => ofDeadLetters(body, (which) => inspector.redrive(which)),
  purge: (inspector, body) => ofDeadLetters(body, (which) => inspector.purge(which)),
  pause: (inspector, body) => ofQueue(body, () => inspector.pause()),
  resume: (inspector, body) => ofQueue(body, () => inspector.resume()),
});

export function isAction(name: string): name is Action {
  return Object.hasOwn(ACTIONS, name);
}

async function ofDeadLetters(
  body: Body,
  act: (which: ReturnType<typeof deadLettersOf>) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  refuseUnknownFields(body, ['queue', 'ids', 'limit']);
  return act(deadLettersOf(body));
}

async function ofQueue(body: Body, act: () => Promise<void>): Promise<readonly string[]> {
  refuseUnknownFields(body, ['queue']);
  await act();
  return [];
}
