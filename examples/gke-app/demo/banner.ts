import type { Live } from './live.ts';

/** What one needs to know of the running demo. */
export function banner({ system, switches, prometheus, clock }: Live): string[] {
  const { apiUrl, receiverUrl, api, workers } = system;
  const metrics = [api, ...workers].map((child) => `${system.probesUrl(child)}/metrics (${child.name}, pid ${child.pid})`);
  return [
    `api        ${apiUrl}   POST /process, GET /jobs/:id`,
    `receiver   ${receiverUrl}/hooks`,
    `metrics    ${metrics.join('\n           ')}`,
    prometheus === undefined ? 'prometheus none' : `prometheus ${prometheus.url}/alerts`,
    `clock      ${clock.note}`,
    `send       curl -i '${apiUrl}/process?destination=receiver' -H 'Content-Type: application/json' --data '{"hello": "world"}'`,
    `fail       curl ${receiverUrl}/__faults -d '{"mode":"status","status":500}'`,
    `heal       curl ${receiverUrl}/__faults -d '{"mode":"none"}'`,
    `break      type a name and Enter, once more to mend: ${switches.map(({ id }) => id).join(', ')}`,
    'stop       Ctrl-C',
    '',
  ];
}
