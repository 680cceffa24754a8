const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `2592` → `43 min 12 s`. Two units are enough to know what to do. */
export function duration(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return 'never';
  const at = UNITS.findIndex(([, size]) => seconds >= size);
  const [unit, size] = UNITS[at] ?? ['s', 1];
  if (at < 0) return `${number(seconds)} s`;
  const [nextUnit, nextSize] = UNITS[at + 1] ?? ['s', 1];
  const whole = Math.floor(seconds / size);
  const rest = Math.floor((seconds - whole * size) / nextSize);
  return rest === 0 ? `${number(whole)} ${unit}` : `${number(whole)} ${unit} ${rest} ${nextUnit}`;
}

/** `0.00123` → `0.123 %`. */
export function percent(ratio: number): string {
  return `${number(ratio * 100)} %`;
}

/** At most six significant figures: what is exact is in the element's `value`. */
export function number(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 6, useGrouping: value >= 10_000 });
}
