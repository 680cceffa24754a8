import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../workspace/packages.ts';

/** A file of `deploy/chaos`; `id` is its name. */
export interface Experiment {
  readonly id: string;
  readonly title: string;
  /** What the system is claimed to do, in one or two sentences. */
  readonly hypothesis: string;
  readonly steadyState: {
    /** Events each second. */
    readonly rate: number;
    readonly seconds: number;
    /** Each must return a value, and none above `atMost`, before anything is broken. */
    readonly queries: readonly { readonly what: string; readonly query: string; readonly atMost: number }[];
  };
  readonly fault: {
    /** A switch of the demo, which breaks it in process. */
    readonly switch: string;
    /** For at least so long; it stays on while the expected alert is awaited. */
    readonly seconds: number;
    /** Variables of api and workers, where they differ from the demo's. */
    readonly env?: Readonly<Record<string, string>> | undefined;
    /** How to do the same by hand in a cluster. */
    readonly inCluster: string;
  };
  readonly expected: {
    /** `none`: nobody may be called. */
    readonly alert: string;
    /** The latest after the fault, in production. */
    readonly withinSeconds?: number | undefined;
    /** How much of that is not made of windows and `for`, so that a compressed clock does not shorten it. */
    readonly uncompressedSeconds?: number | undefined;
    /** Other alerts that may fire, and why that is right. */
    readonly tolerated?: Readonly<Record<string, string>> | undefined;
  };
  /** Who and what may notice. */
  readonly blastRadius: string;
  readonly abort: {
    /** This share of any objective's error budget is gone. A dead letter stops every experiment. */
    readonly budgetSpent: number;
  };
  /** How to end it at once. */
  readonly stop: string;
  readonly mayBeLost: 'nothing';
  /** What follows for whoever runs the relay, also when the hypothesis holds. */
  readonly lesson: string;
  /** Whether `npm test` plays it; the game day plays all. */
  readonly inTest: boolean;
}

const sentence = z.string().trim().min(10).max(600);
const alert = z.string().regex(/^[A-Z]\w+$/, 'must be the name of an alert, such as BreakerOpen');
const wholeFrom = (min: number, max: number) => z.int().min(min).max(max);

/** Everything is required that is not said to be optional, and nothing else is taken. */
const shape: z.ZodType<Omit<Experiment, 'id'>> = z.strictObject({
  title: z.string().trim().min(10).max(100),
  hypothesis: sentence,
  steadyState: z.strictObject({
    rate: wholeFrom(1, 200),
    seconds: wholeFrom(5, 300),
    queries: z
      .array(z.strictObject({ what: z.string().trim().min(5).max(100), query: z.string().trim().min(1), atMost: z.number() }))
      .min(1),
  }),
  fault: z.strictObject({
    switch: z.string().regex(/^[a-z0-9-]+$/, 'must be lower case letters, digits and dashes'),
    seconds: wholeFrom(1, 300),
    env: z.record(z.string().regex(/^[A-Z_]+$/, 'must be capital letters and _'), z.string()).optional(),
    inCluster: sentence,
  }),
  expected: z.strictObject({
    alert: z.union([z.literal('none'), alert]),
    withinSeconds: wholeFrom(1, 86_400).optional(),
    uncompressedSeconds: wholeFrom(0, 3600).optional(),
    tolerated: z.record(alert, sentence).optional(),
  }),
  blastRadius: sentence,
  abort: z.strictObject({ budgetSpent: z.number().min(0.01).max(1) }),
  stop: sentence,
  mayBeLost: z.literal('nothing'),
  lesson: sentence,
  inTest: z.boolean(),
});

/** @throws Error that says where, what is wrong and what is allowed. */
export function readExperiment(path: string, text: string): Experiment {
  const read = shape.safeParse(parse(text));
  if (!read.success) throw new Error(`${path}:\n${z.prettifyError(read.error)}`);
  const { expected } = read.data;
  if ((expected.alert === 'none') !== (expected.withinSeconds === undefined))
    throw new Error(`${path}: an expected alert needs withinSeconds, and "none" has none`);
  if ((expected.uncompressedSeconds ?? 0) > (expected.withinSeconds ?? 0))
    throw new Error(
      `${path}: uncompressedSeconds is a part of withinSeconds (${expected.withinSeconds}), got ${expected.uncompressedSeconds}`,
    );
  return { id: basename(path, '.yaml'), ...read.data };
}

/** All experiments, by name. */
export function experiments(): Experiment[] {
  const paths = globSync('deploy/chaos/*.yaml', { cwd: ROOT }).toSorted();
  return paths.map((path) => readExperiment(path, readFileSync(join(ROOT, path), 'utf8')));
}
