import { defineSlo, rolling, sli, type Slo } from '@nines/slo';

/** Events that the api was asked to take: a refusal that is the caller's fault (4xx) is a good answer. */
export const availability: Slo = defineSlo({
  name: 'availability',
  service: 'api',
  objective: '99.9%',
  window: rolling('30d'),
  sli: sli.ratio({
    bad: 'http_server_request_duration_seconds_count{http_route="/process",http_response_status_code=~"5.."}',
    total: 'http_server_request_duration_seconds_count{http_route="/process"}',
  }),
});

/** Attempts to deliver an event: each one that fails delays somebody's event, also if a later one succeeds. */
export const delivery: Slo = defineSlo({
  name: 'delivery',
  service: 'worker',
  objective: '99.5%',
  window: rolling('30d'),
  sli: sli.ratio({
    bad: 'nines_queue_attempts_total{queue="deliveries",outcome=~"retried|dead-lettered"}',
    total: 'nines_queue_attempts_total{queue="deliveries"}',
  }),
});
