import { describe, expect, it } from 'vitest';
import { defineSlo, googleSre, rolling, sli, type Slo, type SloError } from '@nines/slo';
import { backtest, fetchEvents, fetchRecording, type PrometheusRequest, type QueryRangeAnswer, type Recording } from '@nines/slo/backtest';

const define = (measure: Slo['sli']) =>
  defineSlo({
    name: 'availability',
    service: 'api',
    objective: '99.9%',
    window: rolling('30d'),
    alerting: googleSre(),
    ...(measure === undefined ? {} : { sli: measure }),
  });
const slo = define(sli.ratio({ bad: 'errors_total', total: 'requests_total' }));
const answer = (values: readonly (readonly [number, unknown])[]): QueryRangeAnswer => ({
  status: 'success',
  data: { resultType: 'matrix', result: [{ metric: { instance: 'a' }, values }] },
});
const minutes = (count: number, value: (minute: number) => unknown) =>
  answer(Array.from({ length: count }, (_, minute) => [minute * 60, String(value(minute))] as const));

describe('backtest', () => {
  it('counts a counter on when it begins anew, and says so', () => {
    const found = backtest(slo, { total: minutes(60, (at) => (at < 30 ? at * 60 : (at - 30) * 60)), bad: [] });
    expect(found).toMatchObject({ total: 29 * 60 + 29 * 60, bad: 0, resets: 1, firings: [] });
  });

  it('takes an error series that never was for no errors, and a good series instead of a bad one', () => {
    const total = minutes(120, (at) => at * 600);
    expect(backtest(slo, { total, bad: [] }).firings).toEqual([]);
    const good = minutes(120, (at) => at * 540);
    expect(backtest(slo, { total, good }).firings[0]).toMatchObject({ alert: 'page 1h', firedSeconds: 60 });
  });

  it('judges nothing where nothing was counted: gaps and NaN fire no alert', () => {
    const total = minutes(60, (at) => (at % 7 === 0 ? 'NaN' : at * 600));
    expect(backtest(slo, { total, bad: minutes(60, () => 'NaN') }).firings).toEqual([]);
    const sparse = answer([0, 60, 120, 3_600].map((at) => [at, String(at)] as const));
    expect(backtest(slo, { total: sparse, bad: [] })).toMatchObject({ gaps: 57, firings: [] });
  });

  it('joins the parts of a long span, counting a reading that two parts have once', () => {
    const one = {
      metric: { instance: 'a' },
      values: [
        [0, '0'],
        [60, '60'],
      ],
    };
    const two = {
      metric: { instance: 'a' },
      values: [
        [60, '60'],
        [120, '120'],
      ],
    };
    expect(backtest(slo, { total: [one, two], bad: [] })).toMatchObject({ total: 120, series: 1, resets: 0 });
  });

  it.each([
    [{ status: 'error', error: 'query timed out' }, 'total.status must be "success", got "error" ("query timed out")'],
    [
      { status: 'success', data: { resultType: 'vector', result: [] } },
      'total.data.resultType must be "matrix", the answer of query_range, got "vector"',
    ],
    [{ resultType: 'matrix', result: {} }, 'total.result must be a list of series, got an object'],
    [[{ metric: {} }], 'total[0].values must be a list of [seconds, "value"], got undefined'],
    [[{ metric: {}, histograms: [] }], 'total[0].values must be plain numbers, not native histograms, got undefined'],
    [
      [
        {
          metric: {},
          values: [
            [0, '1'],
            [60, 'many'],
          ],
        },
      ],
      'total[0].values[1] must be a number as text, NaN, +Inf or -Inf, got "many"',
    ],
    [
      [
        {
          metric: {},
          values: [
            [60, '1'],
            [0, '2'],
          ],
        },
      ],
      'total[0].values[1] must be a time after 60, got 0',
    ],
    [[{ metric: {}, values: [['now', '1']] }], 'total[0].values[0] must be [seconds, "value"], got an array'],
    [[{ metric: 'x', values: [[0, '1']] }], 'total[0].metric must be an object of labels, got "x"'],
    [[], 'total must have a series with two readings or more'],
    [[{ metric: {}, values: [[0, '1']] }], 'total must have a series with two readings or more'],
    [
      [
        {
          metric: {},
          values: [
            [0, '1'],
            [60, '2'],
            [150, '3'],
          ],
        },
      ],
      'total and bad must have readings every 60s from 0, as query_range gives them; [] has one at 150',
    ],
  ])('refuses a recording that is none: %j', (total, message) => {
    const run = () => backtest(slo, { total, bad: [] });
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ code: 'INVALID_HISTORY', retryable: false }));
  });

  it.each([
    [{ total: [] }, 'backtest takes total, and either bad or good'],
    [{ total: [], bad: [], good: [] }, 'backtest takes total, and either bad or good'],
    [{ total: [], bad: [], steps: '1m' }, 'backtest has no option "steps"'],
    [{ total: [], bad: [], step: '1M' }, 'step must be a duration'],
  ])('refuses %j', (recording, message) => {
    expect(() => backtest(slo, recording as Recording)).toThrow(message);
  });
});

/** A Prometheus that answers by the query, and remembers what it was asked. */
function prometheus(
  reply: (question: URLSearchParams, path: string) => unknown,
  status = 200,
): {
  readonly asked: URLSearchParams[];
  readonly fetch: (url: string, request: PrometheusRequest) => Promise<{ status: number; text(): Promise<string> }>;
} {
  const asked: URLSearchParams[] = [];
  const fetch = async (url: string, { body }: PrometheusRequest) => {
    const question = new URLSearchParams(body);
    asked.push(question);
    const text = JSON.stringify(reply(question, new URL(url).pathname));
    return { status, text: async () => text };
  };
  return { asked, fetch };
}

const url = 'http://user:secret@127.0.0.1:9090/prom';

describe('fetchRecording', () => {
  it('asks for long spans in parts that Prometheus answers', async () => {
    const { asked, fetch } = prometheus(() => ({ status: 'success', data: { resultType: 'matrix', result: [] } }));
    await fetchRecording(slo, { url, fromMs: 0, toMs: 86_400_000 * 30, fetch });
    const spans = asked
      .filter((one) => one.get('query') === 'requests_total')
      .map((one) => [one.get('start'), one.get('end'), one.get('step')]);
    expect(spans).toEqual([
      ['0', '599940', '60'],
      ['600000', '1199940', '60'],
      ['1200000', '1799940', '60'],
      ['1800000', '2399940', '60'],
      ['2400000', '2592000', '60'],
    ]);
  });

  it('reads the bucket of a classic histogram for the good events', async () => {
    const { asked, fetch } = prometheus(() => ({ status: 'success', data: { resultType: 'matrix', result: [] } }));
    const latency = define(sli.latency({ histogram: 'http_seconds{route="/"}', threshold: '0.25' }));
    expect(await fetchRecording(latency, { url, fromMs: 0, toMs: 600_000, fetch })).toEqual({ total: [], good: [], step: '1m' });
    expect(asked.map((one) => one.get('query'))).toEqual(['http_seconds_count{route="/"}', 'http_seconds_bucket{route="/",le="0.25"}']);
  });

  it('says who failed and why, without the password, and that another try may help', async () => {
    const span = { url, fromMs: 0, toMs: 600_000 };
    const failure = async (fetch: ReturnType<typeof prometheus>['fetch']) =>
      await fetchRecording(slo, { ...span, fetch }).then(
        () => 'answered',
        (error: unknown) => error as SloError,
      );
    const refused = await failure(prometheus(() => ({ status: 'error', error: 'bad_data' }), 400).fetch);
    expect(refused).toMatchObject({
      code: 'PROMETHEUS_FAILED',
      retryable: true,
      message: 'http://127.0.0.1:9090/prom refused query_range of "requests_total" with 400: bad_data',
    });
    const html = await failure(async () => ({ status: 502, text: async () => '<html>' }));
    expect(html).toMatchObject({ message: expect.stringContaining('with 502: not an answer of Prometheus') as string });
    const away = await failure(() => Promise.reject(new Error('ECONNREFUSED')));
    expect(away).toMatchObject({
      message: 'http://127.0.0.1:9090/prom did not answer within 30000 ms',
      cause: { message: 'ECONNREFUSED' },
    });
  });

  it.each([
    [slo, { url: 'ftp://x', fromMs: 0, toMs: 600_000 }, 'url must be an http address'],
    [slo, { url, fromMs: 0, toMs: 0 }, 'fromMs and toMs must be from 2 to 1000000 steps of 1m apart'],
    [slo, { url, fromMs: 0, toMs: 600_000, timeoutMs: 0 }, 'timeoutMs must be a whole number from 1 to 600000, got 0'],
    [define(undefined), { url, fromMs: 0, toMs: 600_000 }, 'to be read from Prometheus, got none'],
    [define(sli.boolean({ gauge: 'up' })), { url, fromMs: 0, toMs: 600_000 }, 'to be read from Prometheus, got boolean'],
  ])('refuses before it asks (%#)', async (one, options, message) => {
    await expect(fetchRecording(one, options)).rejects.toThrow(message);
  });
});

describe('fetchEvents', () => {
  it('counts the window and the last hour by the clock of Prometheus; no series and NaN are no events', async () => {
    const { asked, fetch } = prometheus((question) => {
      const query = question.get('query') ?? '';
      if (query === 'time()') return { status: 'success', data: { result: [100, '100'] } };
      const value = query.includes('[1h]') ? 'NaN' : query.includes('errors') ? '1.6' : '1000.4';
      return { status: 'success', data: { result: [{ metric: {}, value: [100, value] }] } };
    });
    expect(await fetchEvents(slo, { url, fetch })).toEqual({
      atMs: 100_000,
      events: { total: 1_000, bad: 2 },
      recent: { total: 0, bad: 0 },
    });
    expect(asked[1]?.get('query')).toContain('[2592000s]');
    expect(asked[1]?.get('time')).toBe('100');
  });

  it('samples a gauge once a minute', async () => {
    const { asked, fetch } = prometheus((question) =>
      question.get('query') === 'time()'
        ? { status: 'success', data: { result: [100, '100'] } }
        : { status: 'success', data: { result: [] } },
    );
    expect(await fetchEvents(define(sli.boolean({ gauge: 'up' })), { url, fetch })).toMatchObject({ events: { total: 0, bad: 0 } });
    expect(asked[1]?.get('query')).toMatch(/^sum_over_time\(\(.+\)\[2592000s:1m\]\)$/);
  });
});
