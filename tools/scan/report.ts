/** One vulnerability in one package, as a report of Grype (`--output json`) has it. */
export interface Finding {
  readonly id: string;
  /** In lower case: `critical`, `high`, `medium`, `low`, `negligible`, `unknown`. */
  readonly severity: string;
  readonly package: string;
  readonly version: string;
  /** The versions that mend it; empty when there is none yet. */
  readonly fixedIn: readonly string[];
  /** Which report it is in. */
  readonly report: string;
}

/** A report that cannot be read is no clean one. */
export class BadReport extends Error {}

const SEVERITIES: ReadonlySet<unknown> = new Set(['critical', 'high', 'medium', 'low', 'negligible', 'unknown']);
/** Older versions of Grype leave it empty where they do not know. */
const FIX_STATES: ReadonlySet<unknown> = new Set(['fixed', 'not-fixed', 'wont-fix', 'unknown', '']);

interface GrypeMatch {
  readonly vulnerability?: {
    readonly id?: string;
    readonly severity?: unknown;
    readonly fix?: { readonly state?: string; readonly versions?: readonly string[] };
  };
  readonly artifact?: { readonly name?: string; readonly version?: string };
}

export function readReport(name: string, text: string): readonly Finding[] {
  const { matches, descriptor } = parse(name, text) as { readonly matches?: unknown; readonly descriptor?: { readonly name?: string } };
  if (!Array.isArray(matches) || descriptor?.name !== 'grype')
    throw new BadReport(`${name} is not a report of grype with --output json: it must have "matches" and a "descriptor" that says grype`);
  return (matches as readonly GrypeMatch[]).map((match, index) => finding(name, match, index));
}

function parse(name: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // said below
  }
  throw new BadReport(`${name} is not JSON`);
}

function finding(report: string, { vulnerability, artifact }: GrypeMatch, index: number): Finding {
  const { id, fix } = vulnerability ?? {};
  if (id === undefined || vulnerability?.severity === undefined || artifact?.name === undefined)
    throw new BadReport(`${report}: matches[${index}] has no vulnerability.id, vulnerability.severity or artifact.name`);
  const severity = typeof vulnerability.severity === 'string' ? vulnerability.severity.toLowerCase() : '';
  // A word that is not understood must not count as harmless.
  if (!SEVERITIES.has(severity)) throw new BadReport(unknownWord(report, index, 'severity', vulnerability.severity, SEVERITIES));
  if (!FIX_STATES.has(fix?.state)) throw new BadReport(unknownWord(report, index, 'fix.state', fix?.state, FIX_STATES));
  const fixedIn = fix?.state === 'fixed' ? (fix.versions?.length === 0 ? ['a later version'] : (fix.versions ?? ['a later version'])) : [];
  return { id, severity, package: artifact.name, version: artifact.version ?? '', fixedIn, report };
}

function unknownWord(report: string, index: number, field: string, got: unknown, known: ReadonlySet<unknown>): string {
  const words = [...known].filter((word) => word !== '').join(', ');
  return `${report}: matches[${index}].vulnerability.${field} must be one of ${words}, got ${JSON.stringify(got) ?? 'nothing'}`;
}
