/** One value of one series. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All values of one scrape, by the name of the metric. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text that a `/metrics` answers. Lines that are not understood are left out. */
export function readSamples(text: string): Samples {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const found = samples.get(name) ?? [];
    found.push({ labels: readLabels(labels), value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) });
    samples.set(name, found);
  }
  return samples;
}

function readLabels(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** Tells which series of a metric are meant. */
export interface Selector {
  readonly name: string;
  readonly matches: (labels: Sample['labels']) => boolean;
}

const MATCHER = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;

/** Reads a selector of PromQL, such as the SLIs have them: `requests_total{route="/process",status=~"5.."}`. */
export function readSelector(text: string): Selector {
  const [, name, matchers = ''] = /^\s*([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*$/s.exec(text) ?? [];
  if (name === undefined) throw new Error(`a selector must be a metric with matchers, got ${JSON.stringify(text)}`);
  const tests = [...matchers.matchAll(MATCHER)].map(([, label = '', operator = '=', value = '']) => {
    const wanted = unescaped(value);
    const whole = operator.endsWith('~') ? new RegExp(`^(?:${wanted})$`) : undefined;
    const is = (got: string) => (whole === undefined ? got === wanted : whole.test(got));
    return (labels: Sample['labels']) => is(labels[label] ?? '') !== operator.startsWith('!');
  });
  return { name, matches: (labels) => tests.every((test) => test(labels)) };
}

/** The sum of the series that a selector means; 0 where there is none. */
export function sumOf(samples: Samples, { name, matches }: Selector): number {
  return (samples.get(name) ?? []).reduce((sum, { labels, value }) => (matches(labels) ? sum + value : sum), 0);
}
