import { parser } from '@prometheus-io/lezer-promql';

/** What a query needs to find in Prometheus. */
export interface Names {
  readonly metrics: readonly string[];
  /** Of matchers and of `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
  readonly labels: readonly string[];
}

type Node = ReturnType<typeof parser.parse>['topNode'];

function nodes(query: string): Node[] {
  const found: Node[] = [];
  parser.parse(query).iterate({
    enter({ name, node, type, from }) {
      if (type.isError) throw new Error(`not PromQL at character ${from + 1}: ${query}`);
      if (name !== '') found.push(node);
    },
  });
  return found;
}

/** The names of metrics and labels that a query uses, each once. @throws Error for what is not PromQL */
export function namesOf(query: string): Names {
  const text = (node: Node | null) => (node === null ? '' : query.slice(node.from, node.to));
  const all = nodes(query);
  const metrics = all.filter(({ name }) => name === 'VectorSelector').map((selector) => text(selector.getChild('Identifier')));
  const labels = all.filter(({ name }) => name === 'LabelName').map(text);
  return { metrics: [...new Set(metrics)].filter((name) => name !== ''), labels: [...new Set(labels)] };
}

const COMPARISONS = ['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'Neq'];

/** The query without its comparisons with a number, such as `> 0.0144`: what an alert looks at, whether it fires or not. */
export function withoutThresholds(query: string): string {
  const cuts = nodes(query).flatMap((node) => {
    const operator =
      node.name === 'BinaryExpr' ? COMPARISONS.map((name) => node.getChild(name)).find((child) => child !== null) : undefined;
    const right = node.lastChild;
    return operator != null && right?.name === 'NumberDurationLiteral' ? [{ from: operator.from, to: right.to }] : [];
  });
  return cuts.toSorted((a, b) => b.from - a.from).reduce((left, { from, to }) => left.slice(0, from).trimEnd() + left.slice(to), query);
}
