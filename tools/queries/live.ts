import type { CommittedQuery } from './committed.ts';
import { namesOf } from './promql.ts';

/** What a running Prometheus says to queries, and whether it knows the names in them. */
export class LiveQueries {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** How many series the query returns now. @throws Error when Prometheus refuses it */
  async count(query: string): Promise<number> {
    const { result } = await this.#get<{ result: readonly unknown[] }>('query', { query });
    return result.length;
  }

  /** Those of the queries that return nothing now. */
  async empty(queries: readonly CommittedQuery[]): Promise<CommittedQuery[]> {
    const counts = await Promise.all(queries.map(({ query }) => this.count(query)));
    return queries.filter((_, index) => counts[index] === 0);
  }

  /** Metrics of the query that nobody has written; where there are none, labels that none of its metrics has. */
  async unknownNames(query: string): Promise<string[]> {
    const { metrics, labels } = namesOf(query);
    const found = await Promise.all(metrics.map((name) => this.#labelsOf(name)));
    const missing = metrics.filter((_, index) => found[index]?.length === 0);
    const known = new Set(found.flat());
    return missing.length > 0 ? missing : labels.filter((label) => !known.has(label));
  }

  async #labelsOf(metric: string): Promise<string[]> {
    const series = await this.#get<readonly Readonly<Record<string, string>>[]>('series', { 'match[]': `{__name__="${metric}"}` });
    return [...new Set(series.flatMap((labels) => Object.keys(labels)))];
  }

  async #get<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as { status: string; error?: string; data: Data };
    if (answer.status !== 'success') throw new Error(`Prometheus refused ${JSON.stringify(parameters)}: ${answer.error}`);
    return answer.data;
  }
}
