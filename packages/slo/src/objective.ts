import { alertsOf } from './alerts.ts';
import { readDecimal, type DecimalInput } from './decimal.ts';
import { SloError } from './errors.ts';
import { checkOptions, checkText } from './options.ts';
import { checkPolicy, type AlertPolicy } from './policy.ts';
import { one, zero, type Rational } from './rational.ts';
import { show } from './show.ts';
import { checkSli, type Sli } from './sli.ts';
import { checkWindow, type SloWindow } from './window.ts';

/** What `defineSlo` takes. */
export interface SloOptions {
  /** What is promised, for example `availability`; 1 to 100 characters. */
  readonly name: string;
  /** Who promises it, for example `api`; 1 to 100 characters. */
  readonly service: string;
  /** The share of good events: `'99.9%'`, `'0.999'` or `0.999`. More than 0 and less than 1. */
  readonly objective: DecimalInput;
  /** Over which time it is judged: `rolling('30d')` or `calendar({ unit: 'month' })`. */
  readonly window: SloWindow;
  /** Where the events are counted; not needed for the mathematics. */
  readonly sli?: Sli;
  /** Which alerts it has: `googleSre()`. Without it there are none. */
  readonly alerting?: AlertPolicy;
  /** One sentence for people; at most 1,000 characters. */
  readonly description?: string;
  /** Address of the runbook; goes into each alert. */
  readonly runbook?: string;
  /** Labels for every series and alert that is made from it, for example `{ team: 'payments' }`; at most 20. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A service level objective: plain frozen data, safe to print, compare and send. */
export interface Slo {
  readonly name: string;
  readonly service: string;
  /** The objective as text, as it was given. Every calculation starts from this, so nothing is lost to rounding. */
  readonly objective: string;
  /** The objective as a ratio, for example 0.999. */
  readonly target: number;
  /** The error budget as a ratio: 1 - target, for example 0.001. */
  readonly budget: number;
  readonly window: SloWindow;
  readonly sli?: Sli;
  readonly alerting?: AlertPolicy;
  readonly description?: string;
  readonly runbook?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const longestName = 100;
const longestText = 1_000;
const mostLabels = 20;
const known = ['name', 'service', 'objective', 'window', 'sli', 'alerting', 'description', 'runbook', 'labels'] as const;

/**
 * Defines an objective once, for the tests, rules and reports that speak of it.
 *
 * @returns a frozen `Slo`
 * @throws SloError `INVALID_OBJECTIVE`, `INVALID_NUMBER`, `INVALID_OPTION`, `INVALID_WINDOW`, `UNREACHABLE_ALERT`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling } from '@nines/slo';
 *
 * const availability = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d') });
 * console.log(availability.target, availability.budget); // 0.999 0.001
 * ```
 */
export function defineSlo(options: SloOptions): Slo {
  checkOptions('defineSlo', options, known);
  const target = readObjective(options.objective);
  const { sli, alerting, description, runbook, labels } = options;
  const slo: Slo = Object.freeze({
    name: checkText('name', options.name, longestName),
    service: checkText('service', options.service, longestName),
    objective: String(options.objective),
    target: target.toNumber(),
    budget: one.minus(target).toNumber(),
    window: checkWindow(options.window),
    ...(sli === undefined ? {} : { sli: checkSli(sli) }),
    ...(alerting === undefined ? {} : { alerting: checkPolicy(alerting) }),
    ...(description === undefined ? {} : { description: checkText('description', description, longestText) }),
    ...(runbook === undefined ? {} : { runbook: checkText('runbook', runbook, longestText) }),
    ...(labels === undefined ? {} : { labels: checkLabels(labels) }),
  });
  alertsOf(slo);
  return slo;
}

function checkLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  checkOptions('labels', labels, Object.keys(Object(labels)));
  const names = Object.keys(labels);
  const wrong = names.find((name) => !/^[a-zA-Z_]\w*$/.test(name) || name.startsWith('__'));
  if (wrong !== undefined || names.length > mostLabels) {
    const came = wrong === undefined ? `${names.length} labels` : show(wrong);
    throw new SloError('INVALID_OPTION', `labels must be at most ${mostLabels}, with names of letters, digits and _, got ${came}`);
  }
  for (const name of names) checkText(`labels.${name}`, labels[name], longestText);
  return Object.freeze({ ...labels });
}

/** The exact error budget ratio, 1 - target: the number that every formula divides by, so it is never zero. */
export function budgetRatio(slo: Pick<Slo, 'objective'>): Rational {
  return one.minus(readObjective(slo.objective));
}

function readObjective(input: DecimalInput): Rational {
  const target = readDecimal('objective', input);
  if (!zero.isLessThan(target) || !target.isLessThan(one)) {
    throw new SloError('INVALID_OBJECTIVE', `objective must be more than 0% and less than 100%, such as '99.9%', got ${show(input)}`);
  }
  return target;
}
