import type { ConsoleState } from '../protocol.ts';
import { ApiError, getState } from './api.ts';
import { after, nowMs } from './clock.ts';
import { byId, element, say } from './dom.ts';
import { timeOfDay } from './format.ts';
import { JobList } from './job-list.ts';
import { showJob } from './job-page.ts';
import { Overview } from './overview.ts';
import { placeOf } from './place.ts';
import { complain, hush, type Session } from './session.ts';

/** How long to wait where no answer said it. */
const RETRY_MS = 2000;

const session: Session = { role: 'counts', refresh: () => void poll() };
const overview = new Overview(byId('overview'), session);
const detail = byId('detail');
let latest: ConsoleState | undefined;
let cancel = () => {};
let polling = false;
let again = false;

/** Asks for figures, over and over; not while nobody looks at the page. */
async function poll(): Promise<void> {
  cancel();
  again = polling;
  if (polling || document.hidden) return;
  polling = true;
  try {
    latest = await getState();
    session.role = latest.role;
    showHome(latest.home);
    overview.show(latest);
    const silent = latest.queues.some(({ error }) => error !== undefined);
    connection(silent ? 'Not every queue answers' : 'Live', silent);
  } catch (error) {
    const forbidden = error instanceof ApiError && error.code === 'CONSOLE_FORBIDDEN';
    connection(forbidden ? 'You may not see this console' : `No answer since ${timeOfDay(nowMs())}; trying again`, true);
  } finally {
    polling = false;
    cancel = after(again ? 0 : (latest?.refreshMs ?? RETRY_MS), () => void poll());
  }
}

/** The way back to the page that the console is a part of. */
function showHome(home: ConsoleState['home']): void {
  const target = byId('home');
  if (home === undefined || !target.hidden) return;
  target.textContent = home.title;
  target.setAttribute('href', home.href);
  target.hidden = false;
}

/** The first of a row of failures says since when; what follows is not news. */
function connection(text: string, trouble: boolean): void {
  const target = byId('connection');
  if (text.startsWith('No answer') && target.textContent.startsWith('No answer')) return;
  say(target, text);
  target.classList.toggle('trouble', trouble);
}

/** Shows what the address names; the focus follows, as it would to a new page. */
async function go(): Promise<void> {
  hush();
  const place = placeOf(location.hash);
  detail.hidden = place.kind === 'overview';
  document.title = place.kind === 'overview' ? 'Queues' : `${place.kind === 'job' ? place.id : place.state} – ${place.queue} – Queues`;
  if (place.kind === 'overview') return detail.replaceChildren();
  const asked = location.hash;
  const host = element('div');
  try {
    const deadNow = () => latest?.queues.find(({ key }) => key === place.queue)?.counts?.dead ?? 0;
    const heading = await (place.kind === 'job' ? showJob(host, session, place) : new JobList(host, session, place, deadNow).show());
    // An answer that comes late must not replace what was asked for since.
    if (location.hash !== asked) return;
    detail.replaceChildren(host);
    heading.focus();
  } catch (error) {
    detail.replaceChildren(element('p', { class: 'note' }, 'Nothing to show.'));
    complain(error);
  }
}

document.addEventListener('visibilitychange', () => void poll());
window.addEventListener('hashchange', () => void go());
await poll();
await go();
