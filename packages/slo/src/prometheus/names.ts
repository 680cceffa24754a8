import { SloError, type Slo } from '@nines/slo';

/** Names in rules, file names and labels: letters, digits and hyphens, so that nothing has to be escaped anywhere. */
const pattern = /^[a-z]([a-z0-9-]*[a-z0-9])?$/i;

/** Refuses an objective whose name or service cannot name a file and an alert. */
export function checkNames({ name, service }: Slo): void {
  for (const [option, value] of Object.entries({ name, service })) {
    if (!pattern.test(value)) {
      throw new SloError(
        'INVALID_OPTION',
        `${option} must be letters, digits and hyphens to make rules of it, got ${JSON.stringify(value)}`,
      );
    }
  }
}

/** `order-latency` becomes `OrderLatencyBudgetBurn`. */
export function alertName({ name }: Slo): string {
  return `${name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}BudgetBurn`;
}

/** What tells the series of one objective from another's, and the objective's own labels. */
export function sloLabels({ name, service, labels }: Slo): Readonly<Record<string, string>> {
  return { ...labels, slo: name, service };
}

/** How a duration in seconds is said in rules: `1d`, `90m`. */
export function durationText(seconds: number): string {
  const [unit, length] = (
    [
      ['d', 86_400],
      ['h', 3_600],
      ['m', 60],
      ['s', 1],
    ] as const
  ).find(([, size]) => seconds % size === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}
