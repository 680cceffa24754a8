import {
  alertsOf,
  allowedDowntime,
  burnRate,
  defineSlo,
  detectionTime,
  errorBudget,
  googleSre,
  isSloError,
  periodErrorRatio,
  rolling,
  timeToExhaustion,
  type Alert,
  type Duration,
  type ErrorBudget,
  type Slo,
} from '@nines/slo';

/** The inputs, each as it was typed. */
export const FIELDS = ['objective', 'window', 'total', 'bad'] as const;
export type Field = (typeof FIELDS)[number];
export type Inputs = Readonly<Record<Field, string>>;

/** Why an input has no answer: the package's own words, beside the field that they speak of. */
export type Faults = Partial<Record<Field, string>>;

/** One pair of windows of the policy at this burn; a pair that this objective cannot have says why. */
export type AlertRow =
  | { readonly alert: Alert; readonly detectionSeconds: number }
  | { readonly longWindow: Duration; readonly shortWindow: Duration; readonly refused: string };

/** What follows from the objective alone. */
export interface Promised {
  readonly budgetRatio: number;
  readonly windowSeconds: number;
  readonly downtimeSeconds: number;
}

/** What follows from the events. */
export interface Measured {
  readonly errorRatio: number;
  readonly budget: ErrorBudget;
  readonly burnRate: number;
  /** From a full budget, at this burn rate. */
  readonly exhaustionSeconds: number;
  readonly alerts: readonly AlertRow[];
}

export interface Calculation {
  readonly faults: Faults;
  readonly promised?: Promised;
  readonly measured?: Measured;
}

/** Everything that the page shows; every number is an answer of the package. */
export function calculate(inputs: Inputs): Calculation {
  const faults: Faults = {};
  const window = attempt(faults, 'window', () => rolling(inputs.window));
  // The objective is judged also when the window is wrong, so that both are told of at once.
  const described = { name: 'objective', service: 'calculator', objective: inputs.objective };
  const slo = attempt(faults, 'objective', () => defineSlo({ ...described, window: window ?? rolling('30d') }));
  const events = { total: inputs.total, bad: inputs.bad };
  attempt(faults, 'total', () => periodErrorRatio([events]));
  if (slo === undefined || window === undefined) return { faults };
  const promised = { budgetRatio: slo.budget, windowSeconds: window.seconds, downtimeSeconds: allowedDowntime(slo) };
  if (faults.total !== undefined || faults.bad !== undefined) return { faults, promised };
  return { faults, promised, measured: measure(slo, events) };
}

function measure(slo: Slo, events: { readonly total: string; readonly bad: string }): Measured {
  const errorRatio = periodErrorRatio([events]);
  return {
    errorRatio,
    budget: errorBudget(slo, events),
    burnRate: burnRate(slo, events),
    exhaustionSeconds: timeToExhaustion(slo, events),
    alerts: googleSre().windows.map((window): AlertRow => {
      try {
        const [alert] = alertsOf({ ...slo, alerting: googleSre({ windows: [window] }) });
        if (alert === undefined) throw new Error(`no alert of ${window.longWindow}`);
        return { alert, detectionSeconds: detectionTime(slo, { errorRatio, ...timingOf(alert) }) };
      } catch (error) {
        if (!isSloError(error)) throw error;
        return { longWindow: window.longWindow, shortWindow: window.shortWindow, refused: error.message };
      }
    }),
  };
}

function timingOf({ factor, longWindow, for: wait }: Alert) {
  return { factor, longWindow, ...(wait === undefined ? {} : { for: wait }) };
}

/** The package's messages begin with the name of what is wrong; one that names none of the fields is about the one that was asked for. */
function attempt<T>(faults: Faults, field: Field, ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (!isSloError(error)) throw error;
    const named = FIELDS.find((one) => error.message.startsWith(`${one} `)) ?? field;
    faults[named] ??= error.message;
    return undefined;
  }
}
