/** A running demo, for programs: what `--describe FILE` writes. */
export interface Description {
  readonly apiUrl: string;
  readonly receiverUrl: string;
  /** Where the traces are, unless OTEL_EXPORTER_OTLP_ENDPOINT sends them elsewhere: `/api/traces/ID`, as Jaeger has it. */
  readonly tracesUrl?: string;
  /** Undefined where there is no Prometheus on the machine. */
  readonly prometheusUrl?: string;
  readonly processes: readonly DescribedProcess[];
}

export interface DescribedProcess {
  readonly name: string;
  readonly pid: number;
  /** Where `/readyz` and `/metrics` answer; the receiver has none. */
  readonly probesUrl?: string;
  /** All that the process writes, as it writes it. */
  readonly log: string;
}
