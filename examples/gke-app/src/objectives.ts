import { defineSlo, googleSre, rolling, sli, type Slo } from '@nines/slo';

// What these promise is measured by the rules in deploy/rules and shown by deploy/dashboards: `npm run generate` makes both from here.
const window = rolling('30d');
const alerting = googleSre();

/** Events that the api was asked to take: a refusal that is the caller's fault (4xx) is a good answer. */
export const availability: Slo = defineSlo({
  name: 'availability',
  service: 'api',
  objective: '99.9%',
  window,
  alerting,
  description: 'Events that the api was asked to take and did not.',
  sli: sli.ratio({
    bad: 'http_server_request_duration_seconds_count{http_route="/process",http_response_status_code=~"5.."}',
    total: 'http_server_request_duration_seconds_count{http_route="/process"}',
  }),
});

/** How soon the api says that it took an event. */
export const latency: Slo = defineSlo({
  name: 'latency',
  service: 'api',
  objective: '99%',
  window,
  alerting,
  description: 'Answers of POST /process that took longer than 250 ms.',
  sli: sli.latency({ histogram: 'http_server_request_duration_seconds{http_route="/process"}', threshold: '0.25' }),
});

/** Attempts to deliver an event: each one that fails delays somebody's event, also if a later one succeeds. */
export const delivery: Slo = defineSlo({
  name: 'delivery',
  service: 'worker',
  objective: '99.5%',
  window,
  alerting,
  description: 'Attempts to deliver an event that failed.',
  sli: sli.ratio({
    bad: 'nines_queue_attempts_total{queue="deliveries",outcome=~"retried|dead-lettered"}',
    total: 'nines_queue_attempts_total{queue="deliveries"}',
  }),
});

/** How long an event waits for its first attempt. */
export const freshness: Slo = defineSlo({
  name: 'freshness',
  service: 'worker',
  objective: '99%',
  window,
  alerting,
  description: 'Jobs that waited longer than 5 s for their start.',
  sli: sli.latency({ histogram: 'nines_queue_wait_duration_seconds{queue="deliveries"}', threshold: '5' }),
});

/** Everything that the relay promises. */
export const objectives: readonly Slo[] = [availability, latency, delivery, freshness];
