import { FIELDS, type AlertRow, type Calculation, type Faults, type Inputs } from './calculation.ts';
import { duration, number, percent } from './format.ts';

/** An element of the page; one that is not there is a mistake of the page. */
function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.querySelector(`#${CSS.escape(id)}`);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

export function readInputs(): Inputs {
  return Object.fromEntries(FIELDS.map((field) => [field, element(field, HTMLInputElement).value.trim()])) as unknown as Inputs;
}

export function writeInputs(inputs: Inputs): void {
  for (const field of FIELDS) element(field, HTMLInputElement).value = inputs[field];
}

export function show({ faults, promised, measured }: Calculation): void {
  showFaults(faults);
  element('promised', HTMLElement).hidden = promised === undefined;
  element('measured', HTMLElement).hidden = measured === undefined;
  if (promised !== undefined) {
    fill('budget-ratio', promised.budgetRatio, percent(promised.budgetRatio));
    fill('downtime', promised.downtimeSeconds, duration(promised.downtimeSeconds));
  }
  if (measured === undefined) return;
  fill('error-ratio', measured.errorRatio, percent(measured.errorRatio));
  fill('burn-rate', measured.burnRate, number(measured.burnRate));
  fill('exhaustion', measured.exhaustionSeconds, duration(measured.exhaustionSeconds));
  fill('allowed', measured.budget.allowed, number(measured.budget.allowed));
  const { remaining } = measured.budget;
  fill('remaining', remaining, remaining < 0 ? `${number(-remaining)} too many` : `${number(remaining)} left`);
  element('alerts', HTMLTableSectionElement).replaceChildren(...measured.alerts.map(alertRow));
}

function showFaults(faults: Faults): void {
  for (const field of FIELDS) {
    const message = faults[field] ?? '';
    element(`${field}-fault`, HTMLElement).textContent = message;
    element(field, HTMLInputElement).ariaInvalid = String(message !== '');
  }
}

/** The exact answer in `value`, for scripts and tests; what people read beside it. */
function fill(id: string, value: number, text: string): void {
  const data = element(id, HTMLDataElement);
  data.value = String(value);
  data.textContent = text;
}

function alertRow(row: AlertRow): HTMLTableRowElement {
  const line = document.createElement('tr');
  const windows = 'alert' in row ? row.alert : row;
  line.append(cell('th', `${windows.longWindow} and ${windows.shortWindow}`));
  if (!('alert' in row)) {
    const why = cell('td', row.refused);
    why.colSpan = 4;
    line.append(why);
    return line;
  }
  const { severity, factor, threshold } = row.alert;
  const after = cell(
    'td',
    row.detectionSeconds === Number.POSITIVE_INFINITY ? 'does not fire' : `fires after ${duration(row.detectionSeconds)}`,
  );
  after.dataset['seconds'] = String(row.detectionSeconds);
  line.classList.toggle('fires', row.detectionSeconds !== Number.POSITIVE_INFINITY);
  line.append(cell('td', severity), cell('td', number(factor)), cell('td', percent(threshold)), after);
  return line;
}

function cell(kind: 'td' | 'th', text: string): HTMLTableCellElement {
  const made = document.createElement(kind);
  if (kind === 'th') made.scope = 'row';
  made.textContent = text;
  return made;
}
