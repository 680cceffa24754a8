import { calculate } from './calculation.ts';
import { fromHash, toHash } from './permalink.ts';
import { readInputs, show, writeInputs } from './view.ts';

/** What the page says before anything is typed: the values in its HTML. */
const initial = readInputs();

function open(): void {
  const inputs = fromHash(location.hash, initial);
  writeInputs(inputs);
  show(calculate(inputs));
}

function change(): void {
  const inputs = readInputs();
  // Not a step back for each key that was pressed.
  history.replaceState(null, '', `#${toHash(inputs)}`);
  show(calculate(inputs));
}

document.addEventListener('input', change);
window.addEventListener('hashchange', open);
open();
