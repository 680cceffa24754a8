import { post } from './api.ts';
import { confirmed } from './confirm.ts';
import { deadLetters } from './format.ts';
import { announce, complain, type Session } from './session.ts';

/** As many dead letters as one request may name. */
const BATCH = 1000;

const DONE = { redrive: 'Redriven', purge: 'Purged' } as const;

/** Stops or goes on with a queue; resolves to whether it was done. */
export async function setPaused(session: Session, queue: string, paused: boolean): Promise<boolean> {
  const text = 'No worker, in any process, will claim a job of it until it is resumed. What runs is finished.';
  if (paused && !(await confirmed(`Pause ${queue}?`, text, 'Pause'))) return false;
  return carried(session, () => post(paused ? 'pause' : 'resume', { queue }), `${paused ? 'Paused' : 'Resumed'} ${queue}`);
}

/** Redrives or purges one dead letter; resolves to whether there was an answer. */
export async function takeOne(session: Session, action: 'redrive' | 'purge', queue: string, id: string): Promise<boolean> {
  if (action === 'purge' && !(await confirmed('Purge this dead letter?', `${id} is removed for good.`, 'Purge'))) return false;
  return carried(session, async () => {
    const { jobs } = await post(action, { queue, ids: [id] });
    announce(jobs === 1 ? `${DONE[action]} ${id}` : `${id} was not a dead letter any more`);
  });
}

/** Redrives or purges all dead letters that were there at the beginning: a job that fails again is not taken twice. */
export async function takeAll(session: Session, action: 'redrive' | 'purge', queue: string, dead: number): Promise<boolean> {
  const what = deadLetters(dead);
  const [title, text, yes] =
    action === 'redrive'
      ? [`Redrive ${what}?`, `They become waiting jobs of ${queue} again, with no attempt counted.`, 'Redrive all']
      : [`Purge ${what}?`, `They are removed from ${queue} for good.`, 'Purge all'];
  if (!(await confirmed(title, text, yes))) return false;
  return carried(session, async () => {
    let taken = 0;
    while (taken < dead) {
      const limit = Math.min(BATCH, dead - taken);
      const { jobs } = await post(action, { queue, limit });
      taken += jobs;
      announce(`${DONE[action]} ${deadLetters(taken)}`);
      if (jobs < limit) break;
    }
  });
}

async function carried(session: Session, act: () => Promise<unknown>, success?: string): Promise<boolean> {
  try {
    await act();
    if (success !== undefined) announce(success);
    return true;
  } catch (error) {
    complain(error);
    return false;
  } finally {
    session.refresh();
  }
}
