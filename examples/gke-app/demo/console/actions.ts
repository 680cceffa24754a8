import type { Inspector } from '@nines/queue';
import type { Delivery } from '../../src/queue.ts';
import type { ChaosSwitch } from '../chaos-switch.ts';
import { Refused } from './answer.ts';
import type { Happenings } from './happenings.ts';
import type { SwitchView } from './protocol.ts';
import { switchViews } from './recorder.ts';

type Body = Readonly<Record<string, unknown>>;

interface Parts {
  readonly inspector: Inspector<Delivery>;
  readonly switches: readonly ChaosSwitch[];
  readonly happenings: Happenings;
}

/** Breaks or mends what the body names; gives the switches as they are then. */
export async function flip({ switches, happenings }: Parts, { id, on }: Body): Promise<{ readonly switches: readonly SwitchView[] }> {
  const one = switches.find((chaos) => chaos.id === id);
  if (one === undefined)
    throw new Refused(404, `id must be one of: ${switches.map((chaos) => chaos.id).join(', ') || 'none, there are no switches'}`);
  if (typeof on !== 'boolean') throw new Refused(400, 'on must be true or false');
  try {
    await one.set(on);
  } catch (cause) {
    throw new Refused(502, `${one.title}: ${cause instanceof Error ? cause.message.slice(0, 200) : 'it could not be done'}`);
  }
  if (one.kind === 'pulse') happenings.add(Date.now(), 'switch', true, one.title);
  const views = switchViews(switches);
  happenings.switches(Date.now(), views);
  return { switches: views };
}

const ID = /^[\x21-\x7e]{1,128}$/;

/** Redrives one dead letter, or with `all: true` every one that lies there. */
export async function redrive({ inspector, happenings }: Parts, { id, all }: Body): Promise<{ readonly redriven: number }> {
  if (all !== true && !(typeof id === 'string' && ID.test(id)))
    throw new Refused(400, 'the body must hold the id of a dead letter, or all: true');
  const redriven = all === true ? (await inspector.redriveAll()).taken : (await inspector.redrive({ ids: [String(id)] })).length;
  if (redriven > 0)
    happenings.add(Date.now(), 'redrive', false, redriven === 1 ? 'Redriven: 1 dead letter' : `Redriven: ${redriven} dead letters`);
  return { redriven };
}
