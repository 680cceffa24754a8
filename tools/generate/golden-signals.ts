import type { GoldenSignals } from '@nines/slo/grafana';

const deliveries = '{queue="deliveries"}';

/** What the dashboard of the golden signals shows of each service of the example. */
export const goldenSignals: readonly GoldenSignals[] = [
  {
    service: 'api',
    latency: 'http_server_request_duration_seconds{http_route="/process"}',
    traffic: 'http_server_request_duration_seconds_count{http_route="/process"}',
    errors: 'http_server_request_duration_seconds_count{http_route="/process",http_response_status_code=~"5.."}',
    saturation: [
      { title: 'event loop', query: 'nodejs_eventloop_utilization_ratio', unit: 'percentunit' },
      { title: 'heap', query: 'nodejs_heap_bytes{state="used"}', unit: 'bytes' },
    ],
  },
  {
    service: 'worker',
    latency: `messaging_process_duration_seconds{messaging_destination_name="deliveries"}`,
    traffic: `nines_queue_attempts_total${deliveries}`,
    errors: 'nines_queue_attempts_total{queue="deliveries",outcome=~"retried|dead-lettered"}',
    saturation: [
      { title: 'jobs by state', query: `max by (state) (nines_queue_jobs${deliveries})`, legend: '{{state}}' },
      { title: 'age of the oldest job', query: `max(nines_queue_oldest_age_seconds${deliveries})`, unit: 's', legend: 'age' },
    ],
  },
];
