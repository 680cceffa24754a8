import type { Board } from '../protocol.ts';
import { announce, byId, mark, say } from './dom.ts';
import { count, plural, rate } from './format.ts';

/** How the system is, in one sentence and another one about the figures. */
interface Headline {
  /** Changes only when something else is the matter: then it is read aloud. */
  readonly text: string;
  readonly tone: 'calm' | 'uneasy' | 'bad';
}

export function showHeadline(board: Board): void {
  const { text, tone } = headlineOf(board);
  const changed = byId('headline-text').textContent !== text;
  say(byId('headline-text'), text);
  say(byId('headline-detail'), detailOf(board));
  mark(byId('headline'), 'data-tone', tone);
  if (changed) announce(text);
}

function headlineOf({ queue, processes, alerts, point }: Board): Headline {
  const down = processes.find(({ up }) => !up);
  const breakers = processes.flatMap(({ breakers }) => breakers);
  const open = breakers.find(({ state }) => state === 'open' || state === 'isolated');
  const probing = breakers.find(({ state }) => state === 'half-open');
  const paging = alerts.find(({ state, severity }) => state === 'firing' && severity === 'page');
  const waiting = (queue?.waiting ?? 0) + (queue?.delayed ?? 0);
  if (queue === undefined) return { text: 'Redis does not answer.', tone: 'bad' };
  if (down !== undefined) return { text: `${down.name === 'api' ? 'The api' : `A ${down.name}`} does not answer.`, tone: 'bad' };
  if (open !== undefined) return { text: `The circuit to ${open.destination} is open.`, tone: 'bad' };
  if (probing !== undefined) return { text: `Probing whether ${probing.destination} is back.`, tone: 'uneasy' };
  if ((point.refused ?? 0) >= 1) return { text: 'New events are refused.', tone: 'bad' };
  if ((point.failed ?? 0) > 0.2) return { text: 'Deliveries fail and are tried again.', tone: 'uneasy' };
  if (waiting > 25) return { text: 'Catching up.', tone: 'uneasy' };
  if (paging !== undefined) return { text: `It flows again; ${paging.name} still fires.`, tone: 'uneasy' };
  if ((point.in ?? 1) === 0) return { text: 'Quiet: nothing comes in.', tone: 'calm' };
  return { text: 'Every event flows.', tone: 'calm' };
}

function detailOf({ queue, point }: Board): string {
  if (queue === undefined) return 'The api answers 503 at once: a caller knows that its event was not taken, and sends it again.';
  const refused = (point.refused ?? 0) >= 0.1 ? `, ${rate(point.refused)} are refused` : '';
  const flow = `${rate(point.in)} events a second come in${refused}, ${(point.out ?? 0) < 0.05 ? 'none is' : `${rate(point.out)} are`} delivered.`;
  const kept = queue.waiting + queue.delayed;
  const dead = queue.dead === 0 ? '' : ` ${plural(queue.dead, 'dead letter')} to look at.`;
  return `${flow} ${kept === 0 ? 'None has to wait.' : `${count(kept)} wait in Redis, where they outlive every process.`}${dead}`;
}
