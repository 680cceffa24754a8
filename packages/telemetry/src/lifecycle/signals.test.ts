import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { createLifecycle } from './lifecycle.ts';
import { handleSignals } from './signals.ts';

function setUp() {
  const clock = fakeClock();
  const lifecycle = createLifecycle({ clock, deadlineMs: 10_000 });
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => source.emit('exit', code) });
  const codes: number[] = [];
  source.on('exit', (code: number) => codes.push(code));
  const remove = handleSignals(lifecycle, { source, clock });
  return { clock, lifecycle, source, codes, remove };
}

test('the first signal shuts down in order and exits 0', async () => {
  const { lifecycle, source } = setUp();
  let reason = '';
  lifecycle.onShutdown('close', 'db', (step) => {
    reason = step.reason;
  });
  const exit = once(source, 'exit');
  source.emit('SIGINT');
  expect([await exit, reason]).toEqual([[0], 'SIGINT']);
});

test('a step that fails makes it exit 1', async () => {
  const { lifecycle, source } = setUp();
  lifecycle.onShutdown('close', 'db', () => Promise.reject(new Error('no')));
  const exit = once(source, 'exit');
  source.emit('SIGTERM');
  expect(await exit).toEqual([1]);
});

test('a second signal exits at once, but not the echo of the first', async () => {
  const { clock, lifecycle, source, codes } = setUp();
  lifecycle.onShutdown('drain', 'hung', () => new Promise(() => undefined));
  source.emit('SIGINT');
  await clock.advance(499);
  source.emit('SIGTERM');
  expect(codes).toEqual([]);
  await clock.advance(1);
  source.emit('SIGTERM');
  expect(codes).toEqual([143]);
});

test('removed handlers hear nothing', () => {
  const { source, remove } = setUp();
  remove();
  expect([source.listenerCount('SIGTERM'), source.listenerCount('SIGINT')]).toEqual([0, 0]);
});
