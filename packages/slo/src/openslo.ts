/**
 * OpenSLO v1 documents in and out: strict, every fault with its path and line, and nothing lost.
 *
 * @packageDocumentation
 */
export { fromOpenSlo, toOpenSlo } from './openslo/convert.ts';
export { openSloDuration } from './openslo/duration.ts';
export type { OpenSloDuration } from './openslo/duration.ts';
export type {
  OpenSloDocument,
  OpenSloIndicator,
  OpenSloIndicatorSpec,
  OpenSloMetadata,
  OpenSloMetric,
  OpenSloObjective,
  OpenSloSlo,
  OpenSloTimeWindow,
} from './openslo/model.ts';
export { emitOpenSlo, parseOpenSlo, validateOpenSlo } from './openslo/parse.ts';
export type { OpenSloFinding } from './openslo/parse.ts';
export type { OpenSloCode } from './openslo/shape.ts';
