import type { Exception } from './exceptions.ts';
import type { Finding } from './report.ts';

/** Whether what was scanned may be released, and each reason for and against as one line. */
export interface Verdict {
  readonly released: boolean;
  readonly lines: readonly string[];
}

const SERIOUS: ReadonlySet<string> = new Set(['critical', 'high']);

/**
 * A high or critical vulnerability that a newer version mends refuses the release, unless an exception that has not expired names it.
 * One that nothing mends yet is only told: refusing would stop every release, also the one that mends something else.
 */
export function judge(findings: readonly Finding[], exceptions: readonly Exception[], today: string): Verdict {
  const serious = once(findings.filter(({ severity }) => SERIOUS.has(severity)));
  const lines: string[] = [];
  const used = new Set<Exception>();
  let released = true;
  for (const finding of serious) {
    const exception = exceptions.find(({ id, package: name }) => id === finding.id && name === finding.package);
    if (exception !== undefined) used.add(exception);
    if (finding.fixedIn.length === 0) lines.push(`told     ${named(finding)}, and nothing mends it yet`);
    else if (exception === undefined || exception.expires < today) {
      released = false;
      const expired = exception === undefined ? '' : `; its exception expired on ${exception.expires}`;
      lines.push(`refused  ${named(finding)}, mended in ${finding.fixedIn.join(', ')}${expired}`);
    } else lines.push(`excepted ${named(finding)}, until ${exception.expires}: ${exception.reason}`);
  }
  for (const { id, package: name } of exceptions.filter((one) => !used.has(one)))
    lines.push(`unused   the exception for ${id} of ${name}: remove it`);
  const rest = findings.length - findings.filter(({ severity }) => SERIOUS.has(severity)).length;
  lines.push(`${released ? 'released' : 'refused'}: ${serious.length} high or critical, ${rest} below that`);
  return { released, lines };
}

function named({ id, severity, package: name, version, report }: Finding): string {
  return `${severity} ${id} in ${name} ${version} (${report})`;
}

/** The same package is in both images: one line is enough. Of two that disagree on whether a newer version mends it, the one that knows of one. */
function once(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.id} ${finding.package} ${finding.version}`;
    const known = seen.get(key);
    if (known === undefined || (known.fixedIn.length === 0 && finding.fixedIn.length > 0)) seen.set(key, finding);
  }
  return [...seen.values()];
}
