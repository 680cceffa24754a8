import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defineSlo, googleSre, rolling } from '@nines/slo';
import { incidentReport, postMortem, toMarkdown } from '@nines/slo/report';
import { outage, simulate } from '@nines/slo/simulate';
import { ROOT } from '../tools/workspace/packages.ts';

const read = (name: string) => readFileSync(join(ROOT, 'deploy/postmortems', name), 'utf8');
const headings = (text: string) => [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!);
/** First cells of the rows before the first heading, and the heads of all tables. */
const facts = (text: string) => [...(text.split('\n## ')[0] ?? '').matchAll(/^\| ([a-z ,]+) \|/gm)].map(([, name]) => name);
const heads = (text: string) => [...text.matchAll(/^(\|.*\|)\n\|[-|]+\|$/gm)].map(([, head]) => head);

const template = read('TEMPLATE.md');

/** A post-mortem in which nothing is left out. */
function written(): string {
  const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
  const { history } = simulate(slo, { outages: [outage.step({ at: '10d', lasting: '40m', errorRatio: '20%' })], over: '11d' });
  const incident = incidentReport(slo, {
    title: 'Events are refused',
    history,
    startMs: 864_000_000,
    endMs: 866_400_000,
    policies: { deployed: googleSre() },
  });
  return toMarkdown(
    postMortem({
      incident,
      summary: 'A lock.',
      impact: 'One in five failed.',
      causes: ['A migration'],
      wentWell: ['The alert'],
      wentBadly: ['The runbook'],
      lucky: ['It was Sunday'],
      actions: [{ kind: 'prevent', text: 'No locks', owner: 'the team' }],
    }),
  );
}

test('the template has the sections, the facts and the tables of a post-mortem that is written by program', () => {
  const full = written();
  expect(headings(template)).toEqual(headings(full));
  expect(facts(template)).toEqual(facts(full));
  expect(facts(template)).toHaveLength(8);
  expect(heads(template)).toEqual(heads(full));
});

test('what the game day wrote has no section that the template has not', () => {
  const played = [...read('game-day.md').matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
  expect(played.length).toBeGreaterThan(0);
  expect(played.filter((heading) => !headings(template).includes(heading!))).toEqual([]);
});
