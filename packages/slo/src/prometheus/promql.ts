import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { SloError } from '@nines/slo';

/** One label matcher of a selector, its value without quotes. */
export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** A vector selector of a query. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** Where a query stops being PromQL: the offset of the first fault, or undefined. */
export function syntaxFault(query: string): number | undefined {
  let fault: number | undefined;
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError) fault ??= node.from;
    },
  });
  return fault ?? (query.trim() === '' ? 0 : undefined);
}

/** Refuses what is not PromQL. `where` is the option or rule that the message speaks of. */
export function checkPromql(where: string, query: string): string {
  const fault = syntaxFault(query);
  if (fault === undefined) return query;
  const seen = JSON.stringify(query.slice(fault, fault + 20) || 'its end');
  throw new SloError(
    'INVALID_PROMQL',
    `${where} must be PromQL, got ${JSON.stringify(query.slice(0, 200))}: it breaks at character ${fault + 1}, ${seen}`,
  );
}

/** All vector selectors of a query, in order. */
export function selectorsOf(query: string): Selector[] {
  const found: Selector[] = [];
  parser.parse(query).iterate({
    enter(node) {
      if (node.name === 'VectorSelector') found.push(readSelector(query, node.node));
    },
  });
  return found;
}

/** Reads text that must be one vector selector and nothing else, such as `http_requests_total{code="500"}`. */
export function parseSelector(where: string, text: string): Selector {
  checkPromql(where, text);
  const root = parser.parse(text).topNode;
  const only = root.firstChild;
  if (only === null || only.name !== 'VectorSelector' || only.from !== 0 || only.to !== text.trimEnd().length) {
    throw new SloError(
      'INVALID_PROMQL',
      `${where} must be a selector such as http_requests_total{code="500"}, got ${JSON.stringify(text.slice(0, 200))}`,
    );
  }
  const selector = readSelector(text, only);
  if (selector.metric === '') {
    throw new SloError('INVALID_PROMQL', `${where} must name a metric, got ${JSON.stringify(text.slice(0, 200))}`);
  }
  return selector;
}

/** A selector as text; matchers in the given order. */
export function selectorText({ metric, matchers }: Selector): string {
  const inner = matchers.map(({ label, operator, value }) => `${label}${operator}${JSON.stringify(value)}`);
  return inner.length === 0 ? metric : `${metric}{${inner.join(',')}}`;
}

/** A set of labels with exactly these values, as text: `{a="b"}`. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const inner = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return inner.length === 0 ? '' : `{${inner.join(',')}}`;
}

function readSelector(text: string, node: SyntaxNode): Selector {
  const part = (child: SyntaxNode | null): string => (child === null ? '' : text.slice(child.from, child.to));
  const list = node.getChild('LabelMatchers');
  const matchers = (list?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher): Matcher => ({
    label: part(matcher.getChild('LabelName')),
    operator: part(matcher.getChild('MatchOp')) as Matcher['operator'],
    value: unquote(part(matcher.getChild('StringLiteral'))),
  }));
  const name = matchers.find(({ label, operator }) => label === '__name__' && operator === '=');
  const identifier = part(node.getChild('Identifier'));
  return { metric: identifier || (name?.value ?? ''), matchers: matchers.filter((matcher) => matcher !== name) };
}

/** A PromQL string without its quotes; the escapes that Go and JSON share, and `\'`. */
function unquote(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner;
  return inner.replaceAll(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/g, (_, escape: string) => {
    if (/^[ux]./.test(escape)) return String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' }[escape] ?? escape;
  });
}
