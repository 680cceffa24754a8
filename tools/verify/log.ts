/** What a service's log says of one event. */
export interface Told {
  readonly traceIds: readonly string[];
  readonly messages: readonly string[];
}

/** Finds the lines about a job among JSON lines; what is no JSON is passed over. */
export function toldOf(log: string, jobId: string): Told {
  const lines = log.split('\n').filter((line) => line.includes(jobId));
  const about = lines.map(fieldsOf).filter((fields) => fields['jobId'] === jobId);
  const distinct = (name: string) => [...new Set(about.flatMap((fields) => (typeof fields[name] === 'string' ? [fields[name]] : [])))];
  return { traceIds: distinct('trace_id').filter((id) => /^[\da-f]{32}$/.test(id)), messages: distinct('msg') };
}

function fieldsOf(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
