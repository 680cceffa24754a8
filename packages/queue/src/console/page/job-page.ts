import type { JobDetail } from '../protocol.ts';
import { takeOne } from './acts.ts';
import { getJob } from './api.ts';
import { button, element, link } from './dom.ts';
import { count, moment } from './format.ts';
import { AT, hrefOfJobs, type Place } from './place.ts';
import type { Session } from './session.ts';

type JobPlace = Extract<Place, { kind: 'job' }>;

/** Shows one job; resolves to its heading. */
export async function showJob(host: HTMLElement, session: Session, place: JobPlace): Promise<HTMLElement> {
  const job = await getJob(place.queue, place.id);
  const heading = element('h2', { attributes: { tabindex: '-1' } }, `Job ${job.id}`);
  const facts = factsOf(place.queue, job).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
  host.replaceChildren(heading, element('dl', {}, ...facts), payload(job));
  if (session.role === 'operate' && job.state === 'dead') host.append(buttons(host, session, place));
  return heading;
}

function factsOf(queue: string, job: JobDetail): (readonly [string, Node | string])[] {
  const at = AT[job.state];
  const facts: (readonly [string, Node | string | undefined])[] = [
    ['Queue', queue],
    ['State', link(job.state, hrefOfJobs(queue, job.state), `${job.state}: all jobs of this state`)],
    ['Enqueued', job.enqueuedAtMs > 0 ? moment(job.enqueuedAtMs) : 'unknown'],
    [at ?? '', at === undefined || job.atMs === undefined ? undefined : moment(job.atMs)],
    ['Deadline', job.deadlineAtMs === undefined ? undefined : moment(job.deadlineAtMs)],
    ['Failed attempts', count(job.failedAttempts)],
    ['Last error', job.lastError],
    ['Dead because', job.deadReason],
    ['Trace', job.traceId],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function payload(job: JobDetail): HTMLElement {
  const shown = {
    hidden: element('p', { class: 'note' }, 'Payloads are not shown to you.'),
    unreadable: element('p', { class: 'note' }, 'What is stored cannot be read.'),
    shown: element('pre', {}, `${job.payloadText ?? ''}${job.payloadCut === true ? '\n… (only the beginning is shown)' : ''}`),
  }[job.payload];
  return element('section', { attributes: { 'aria-label': 'Payload' } }, element('h2', {}, 'Payload'), shown);
}

function buttons(host: HTMLElement, session: Session, place: JobPlace): HTMLElement {
  const one = async (action: 'redrive' | 'purge') => {
    if (!(await takeOne(session, action, place.queue, place.id))) return;
    if (action === 'purge') location.hash = hrefOfJobs(place.queue, 'dead');
    else (await showJob(host, session, place)).focus();
  };
  const redrive = button('Redrive', () => void one('redrive'));
  return element(
    'p',
    { class: 'buttons' },
    redrive,
    button('Purge', () => void one('purge'), 'Purge', true),
  );
}
