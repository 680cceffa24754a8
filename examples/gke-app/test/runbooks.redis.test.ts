import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { onPath } from '../../../tools/redis/machine.ts';
import { ROOT } from '../../../tools/workspace/packages.ts';
import { allDelivered, postEvent, setFaults, testSystem } from './harness.ts';
import { startPrometheus } from './prometheus.ts';

const program = onPath('prometheus');
const queries = globSync('deploy/runbooks/*.md', { cwd: ROOT }).flatMap((path) =>
  [...readFileSync(join(ROOT, path), 'utf8').matchAll(/```promql\n([\s\S]*?)\n```/g)].map(([, query]) => query!),
);
/** There only when it has happened; that docs/metrics.md knows them is checked elsewhere. */
const RARE = new Set(['nines_queue_lease_losses_total', 'nines_queue_leases_at_risk_total', 'telemetry_collector_up']);

test('a real Prometheus that reads api and worker answers each query of a runbook, and knows each metric in it', async ({ skip }) => {
  if (program === undefined) skip('prometheus is missing: install the package prometheus of your system');
  const system = await testSystem({ redisUrl: inject('redisUrl') });
  const url = await startPrometheus(
    program ?? '',
    [system.api, ...system.workers].map((child) => system.probesUrl(child)),
  );
  const ask = async (path: string) =>
    (await (await fetch(`${url}/api/v1/${path}`)).json()) as { status: string; error?: string; data: string[] };
  // What fails first and is then delivered, and what is refused for good, leave a figure everywhere.
  await setFaults(system, { mode: 'status', status: 500 });
  const id = await postEvent(system.apiUrl, {});
  await system.receiver.line(({ fields }) => fields['answer'] === 500);
  await setFaults(system, { mode: 'none' });
  await allDelivered(system.receiver, [id!]);
  await setFaults(system, { mode: 'status', status: 410 });
  await postEvent(system.apiUrl, {});

  expect(queries.length).toBeGreaterThan(0);
  for (const query of queries) expect(await ask(`query?query=${encodeURIComponent(query)}`), query).toMatchObject({ status: 'success' });
  const prefixes = /\b(?:http_server|messaging|nines_queue|nodejs|process|resilience|telemetry)_\w+(?=[{[ )]|$)/g;
  const named = [...new Set(queries.flatMap((query) => query.match(prefixes) ?? []))].filter((name) => !RARE.has(name));
  await expect.poll(async () => (await ask('label/__name__/values')).data).toEqual(expect.arrayContaining(named));
});
