import type { Board, Greeting } from '../protocol.ts';
import { Alerts } from './alerts.ts';
import { Budgets } from './budgets.ts';
import { DeadLetters } from './dead-letters.ts';
import { announce, byId, mark, say } from './dom.ts';
import { timeOfDay } from './format.ts';
import { HappeningList } from './happenings.ts';
import { showHeadline } from './headline.ts';
import { Latency } from './latency.ts';
import { Mimic } from './mimic.ts';
import { listen } from './stream.ts';
import { Strip } from './strip.ts';
import { Switches } from './switches.ts';
import { Traces } from './traces.ts';

const mimic = new Mimic();
const switches = new Switches();
const strip = new Strip();
const budgets = new Budgets();
const alerts = new Alerts();
const latency = new Latency();
const traces = new Traces();
const deadLetters = new DeadLetters(showTrace);
const happenings = new HappeningList();

function show(board: Board): void {
  showHeadline(board);
  mimic.show(board);
  switches.show(board.switches);
  strip.show(board);
  budgets.show(board);
  alerts.show(board);
  latency.show(board);
  traces.tick(board.point.atMs);
  deadLetters.show(board.deadLetters, board.queue?.dead);
  happenings.show(board.happenings);
  say(byId('connection'), `Live, ${timeOfDay(board.point.atMs)}`);
}

function showTrace(traceId: string): void {
  void traces.open(traceId);
  byId('traces').scrollIntoView();
}

function connected(yes: boolean): void {
  const before = byId('connection').dataset['state'];
  mark(byId('connection'), 'data-state', yes ? 'live' : 'lost');
  if (yes || before === 'lost') return;
  say(byId('connection'), `No answer since ${timeOfDay(Date.now())}`);
  announce('The console does not answer; trying again');
}

function begin(greeting: Greeting): void {
  strip.begin(greeting);
  budgets.begin(greeting);
  say(byId('traces-note'), greeting.tracesNote);
}

listen({ greeting: begin, board: show, connected });
