import { isSloError, SloError, type Finding } from '@nines/slo';
import { parseYaml, writeYaml, type YamlDocument } from '../yaml.ts';
import { sloOf } from './convert.ts';
import { openSloDuration } from './duration.ts';
import type { OpenSloDocument, OpenSloSlo } from './model.ts';
import { kinds } from './schema.ts';
import { checkShape, show, type OpenSloCode, type Path, type Report } from './shape.ts';

/** A fault of an OpenSLO text, with its line. */
export interface OpenSloFinding extends Finding {
  readonly code: OpenSloCode;
  readonly line: number;
}

/**
 * Everything that is wrong with a text of OpenSLO v1 documents. Strict: what is not known is a fault, so that a slip of the keyboard is not a
 * silent default.
 *
 * @param text - YAML, one or more documents
 * @returns findings with code, path and line; empty when all is well
 * @example
 * ```ts
 * import { validateOpenSlo } from '@nines/slo/openslo';
 *
 * const text = 'apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: api\n  nmae: typo\n';
 * console.log(validateOpenSlo(text).map(({ line, path, code }) => `${line} ${path} ${code}`).join()); // 5 metadata.nmae unknown-key
 * ```
 */
export function validateOpenSlo(text: string): readonly OpenSloFinding[] {
  return read(text).findings;
}

/**
 * Reads OpenSLO v1 documents: `SLO`, `SLI` and `Service`. Nothing is dropped: `emitOpenSlo` gives the same documents back.
 *
 * @param text - YAML, one or more documents
 * @returns the documents
 * @throws SloError `INVALID_DOCUMENT` with all `findings`
 * @example
 * ```ts
 * import { parseOpenSlo } from '@nines/slo/openslo';
 *
 * console.log(parseOpenSlo('{ apiVersion: openslo/v1, kind: Service, metadata: { name: api } }').length); // 1
 * ```
 */
export function parseOpenSlo(text: string): readonly OpenSloDocument[] {
  const { documents, findings } = read(text);
  if (findings.length === 0) return Object.freeze(documents);
  const lines = findings.map(({ line, path, code, message }) => `line ${line}: ${path === '' ? '' : `${path} `}${message} (${code})`);
  throw new SloError(
    'INVALID_DOCUMENT',
    `the OpenSLO text has ${findings.length} fault${findings.length === 1 ? '' : 's'}: ${lines.join('; ')}`,
    { findings },
  );
}

/**
 * Documents as YAML.
 *
 * @param documents - from `parseOpenSlo` or `toOpenSlo`
 * @returns text that `parseOpenSlo` reads back to the same documents
 * @example
 * ```ts
 * import { emitOpenSlo, parseOpenSlo } from '@nines/slo/openslo';
 *
 * const documents = parseOpenSlo('{ apiVersion: openslo/v1, kind: Service, metadata: { name: api } }');
 * console.log(emitOpenSlo(documents).split('\n')[1]); // kind: Service
 * ```
 */
export function emitOpenSlo(documents: readonly OpenSloDocument[]): string {
  return documents.map((document) => writeYaml(document)).join('---\n');
}

function read(text: string): { readonly documents: OpenSloDocument[]; readonly findings: readonly OpenSloFinding[] } {
  const findings: OpenSloFinding[] = [];
  const { documents } = parseYaml(text);
  const kept: OpenSloDocument[] = [];
  const places = new Map<OpenSloDocument, Report>();
  for (const yaml of documents) {
    const report: Report = (code, path, message) =>
      void findings.push(Object.freeze({ code, path: pathText(path), line: yaml.lineOf(path), message }));
    const document = readDocument(yaml, report, findings);
    if (document === undefined) continue;
    kept.push(document);
    places.set(document, report);
  }
  if (documents.length === 0) findings.push({ code: 'broken-yaml', path: '', line: 1, message: 'must have a document, got none' });
  if (findings.length === 0) for (const document of kept) checkTogether(document, kept, places.get(document) ?? (() => undefined));
  return { documents: kept, findings: Object.freeze(findings) };
}

function readDocument(yaml: YamlDocument, report: Report, findings: OpenSloFinding[]): OpenSloDocument | undefined {
  for (const { message, line } of yaml.faults) findings.push(Object.freeze({ code: 'broken-yaml', path: '', line, message }));
  if (yaml.faults.length > 0) return undefined;
  const kind = Object(yaml.value).kind as unknown;
  const shape = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (shape === undefined) {
    report('unsupported-kind', ['kind'], `must be ${Object.keys(kinds).join(', ')}, got ${show(kind)}`);
    return undefined;
  }
  checkShape(yaml.value, shape, [], report);
  return yaml.value as OpenSloDocument;
}

/** What a shape cannot say: names that are taken, references, values that exclude each other. */
function checkTogether(document: OpenSloDocument, all: readonly OpenSloDocument[], report: Report): void {
  const { kind, metadata } = document;
  const owner = (one: OpenSloDocument): string => JSON.stringify([one.kind, one.metadata.name, one.kind === 'SLO' ? one.spec.service : '']);
  const first = all.find((other) => owner(other) === owner(document));
  if (first !== document)
    report('duplicate-name', ['metadata', 'name'], `must be unique among the ${kind} documents, got ${show(metadata.name)} again`);
  if (kind === 'SLI') checkIndicator(document.spec, ['spec'], report);
  if (kind === 'SLO') checkSlo(document, all, report);
}

function checkSlo(document: OpenSloSlo, all: readonly OpenSloDocument[], report: Report): void {
  const { spec } = document;
  const faults: OpenSloCode[] = [];
  const noted: Report = (code, path, message) => {
    faults.push(code);
    report(code, path, message);
  };
  checkSource(spec, all, noted);
  checkWindow(spec.timeWindow[0], noted);
  const [{ target, targetPercent }] = spec.objectives;
  const at: Path = ['spec', 'objectives', 0];
  if ((target === undefined) === (targetPercent === undefined)) noted('invalid-objective', at, 'must have either target or targetPercent');
  const ratio = target ?? (targetPercent ?? 0) / 100;
  const key = target === undefined ? 'targetPercent' : 'target';
  if (ratio <= 0 || ratio >= 1)
    noted('invalid-objective', [...at, key], `must be more than 0 % and less than 100 %, got ${target ?? `${targetPercent} %`}`);
  checkMethod(spec, noted);
  if (faults.length > 0) return;
  try {
    sloOf(document, all);
  } catch (error) {
    if (!isSloError(error)) throw error;
    report(error.code === 'INVALID_DURATION' ? 'bad-duration' : 'invalid-value', ['spec'], error.message);
  }
}

function checkSource({ indicator, indicatorRef }: OpenSloSlo['spec'], all: readonly OpenSloDocument[], report: Report): void {
  if ((indicator === undefined) === (indicatorRef === undefined))
    report('missing-key', ['spec'], 'must have either indicator or indicatorRef');
  if (indicator !== undefined) checkIndicator(indicator.spec, ['spec', 'indicator', 'spec'], report);
  if (indicatorRef !== undefined && !all.some(({ kind, metadata }) => kind === 'SLI' && metadata.name === indicatorRef)) {
    report('unknown-reference', ['spec', 'indicatorRef'], `must be the name of an SLI in the same text, got ${show(indicatorRef)}`);
  }
}

function checkIndicator(
  { ratioMetric, thresholdMetric }: NonNullable<OpenSloSlo['spec']['indicator']>['spec'],
  path: Path,
  report: Report,
): void {
  if ((ratioMetric === undefined) === (thresholdMetric === undefined))
    report('missing-key', path, 'must have either ratioMetric or thresholdMetric');
  if (ratioMetric !== undefined && (ratioMetric.good === undefined) === (ratioMetric.bad === undefined)) {
    report('missing-key', [...path, 'ratioMetric'], 'must have either good or bad');
  }
}

function checkWindow({ duration, isRolling }: OpenSloSlo['spec']['timeWindow'][0], report: Report): void {
  const path: Path = ['spec', 'timeWindow', 0, 'duration'];
  try {
    const { unit } = openSloDuration(duration);
    if (!isRolling && (unit === 'minute' || unit === 'hour')) {
      const hint = unit === 'minute' ? ' (m is minutes, M is months)' : '';
      report('bad-duration', path, `must be of d, w, M, Q or Y for a calendar window, got ${show(duration)}${hint}`);
    }
  } catch {
    report('bad-duration', path, `must be a whole number and one of m h d w M Q Y, such as 28d, got ${show(duration)}`);
  }
}

function checkMethod({ budgetingMethod, objectives: [{ timeSliceTarget, timeSliceWindow }] }: OpenSloSlo['spec'], report: Report): void {
  const at: Path = ['spec', 'objectives', 0];
  if (budgetingMethod === 'Timeslices' && timeSliceTarget === undefined)
    report('missing-key', [...at, 'timeSliceTarget'], 'must be there with Timeslices');
  if (budgetingMethod === 'Occurrences' && (timeSliceTarget ?? timeSliceWindow) !== undefined) {
    report('not-allowed', at, 'must not have timeSliceTarget or timeSliceWindow with Occurrences');
  }
}

function pathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`)).join('');
}
