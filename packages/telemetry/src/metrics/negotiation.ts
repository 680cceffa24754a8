import type { Format } from './exposition.ts';

const longest = 1000;

/** The weight (RFC 9110, 12.4.2) that a header gives to the first of its entries that fits; 0 when none does. */
function weight(value: string | undefined, fits: (entry: string) => boolean): number {
  for (const entry of (value ?? '').slice(0, longest).toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
    if (!fits(name)) continue;
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const number = q === undefined ? 1 : Number(q.slice(2));
    return number >= 0 && number <= 1 ? number : 0;
  }
  return 0;
}

/** OpenMetrics when `Accept` names it and prefers nothing else; the Prometheus text format in every other case. */
export function chooseFormat(accept: string | undefined): Format {
  const openMetrics = weight(accept, (name) => name === 'application/openmetrics-text');
  const text = weight(accept, (name) => name === 'text/plain');
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text';
}

/** Whether `Accept-Encoding` allows gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return weight(acceptEncoding, (name) => name === 'gzip' || name === 'x-gzip') > 0;
}
