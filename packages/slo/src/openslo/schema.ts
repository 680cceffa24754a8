import type { Shape } from './shape.ts';

const text: Shape = { type: 'text' };
const name: Shape = {
  type: 'text',
  pattern: /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
  such: 'lower-case letters, digits, - and ., at most 63',
};
const object = (fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape => ({ type: 'object', fields, required });

const metadata = object({ name, displayName: text, labels: { type: 'texts' }, annotations: { type: 'texts' } }, ['name']);

const metric = object(
  {
    metricSource: object(
      { metricSourceRef: text, type: { type: 'text', oneOf: ['Prometheus'] }, spec: object({ query: text }, ['query']) },
      ['spec'],
    ),
  },
  ['metricSource'],
);

const indicatorSpec = object({
  description: text,
  ratioMetric: object({ counter: { type: 'boolean' }, good: metric, bad: metric, total: metric }, ['counter', 'total']),
  thresholdMetric: metric,
});

const objective = object({
  displayName: text,
  op: { type: 'text', oneOf: ['lte', 'gte', 'lt', 'gt'] },
  value: { type: 'number' },
  target: { type: 'number' },
  targetPercent: { type: 'number' },
  timeSliceTarget: { type: 'number', min: 0, max: 1 },
  timeSliceWindow: text,
});

const timeWindow = object(
  { duration: text, isRolling: { type: 'boolean' }, calendar: object({ startTime: text, timeZone: text }, ['startTime', 'timeZone']) },
  ['duration', 'isRolling'],
);

const envelope = { apiVersion: { type: 'text', oneOf: ['openslo/v1'] }, kind: text, metadata } as const;

/** The kinds of OpenSLO v1 that are supported, and what each of them holds. */
export const kinds: Readonly<Record<string, Shape>> = {
  Service: object({ ...envelope, spec: object({ description: text }) }, ['apiVersion', 'kind', 'metadata']),
  SLI: object({ ...envelope, spec: indicatorSpec }, ['apiVersion', 'kind', 'metadata', 'spec']),
  SLO: object(
    {
      ...envelope,
      spec: object(
        {
          description: text,
          service: name,
          indicator: object({ metadata, spec: indicatorSpec }, ['metadata', 'spec']),
          indicatorRef: name,
          timeWindow: { type: 'list', of: timeWindow, length: 1 },
          budgetingMethod: { type: 'text', oneOf: ['Occurrences', 'Timeslices'] },
          objectives: { type: 'list', of: objective, length: 1 },
        },
        ['service', 'timeWindow', 'budgetingMethod', 'objectives'],
      ),
    },
    ['apiVersion', 'kind', 'metadata', 'spec'],
  ),
};
