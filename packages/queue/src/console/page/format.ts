const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

const whole = new Intl.NumberFormat('en');

export function count(number: number): string {
  return whole.format(number);
}

/** `0` → nothing, `850` → `0.9 s`, `5_400_000` → `1.5 h`. */
export function duration(ms: number): string {
  if (ms <= 0) return '–';
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? UNITS[3];
  const value = ms / size;
  return `${value < 10 ? value.toFixed(1) : String(Math.round(value))} ${unit}`;
}

/** `+1.5/s`, `−20/s`, `±0/s`. */
export function rate(perSecond: number): string {
  const size = Math.abs(perSecond);
  const text = size >= 10 ? count(Math.round(size)) : size.toFixed(1);
  if (Number(text.replaceAll(',', '')) === 0) return '±0/s';
  return `${perSecond > 0 ? '+' : '−'}${text}/s`;
}

/** A moment in the visitor's own time zone. */
export function moment(ms: number): string {
  return new Date(ms).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** `1 dead letter`, `12 dead letters`. */
export function deadLetters(number: number): string {
  return `${count(number)} dead ${number === 1 ? 'letter' : 'letters'}`;
}
