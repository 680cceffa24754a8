/** The two services whose logs must tell of one event. */
export const SERVICES = ['api', 'worker'] as const;
export type Service = (typeof SERVICES)[number];

/** A pod, or a process of the demo. */
export interface Part {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
}

/** The way to the api. */
export interface Door {
  readonly url: string;
  /** What the api lets in; undefined where it asks nobody. */
  readonly apiKey?: string | undefined;
  close(): void;
}

/** Where the system runs: in a cluster, or as processes on this machine. What is asserted is the same. */
export interface Target {
  /** What a part is called in the table: `pods` or `processes`. */
  readonly parts: string;
  /** The parts as they are now; rejects when there is no answer. */
  look(): Promise<readonly Part[]>;
  /** Makes the api reachable. */
  open(): Promise<Door>;
  /** What a service has logged lately, over all of its parts. */
  logs(service: Service): Promise<string>;
  /** Where its traces can be asked for, if it says so: a query API as Jaeger's. */
  readonly tracesUrl?: string | undefined;
  /** The Prometheus that scrapes it, if it says so. */
  readonly prometheusUrl?: string | undefined;
}

/** Nothing can be verified: the message is one sentence that names what is missing, `command` mends it. */
export class CannotVerify extends Error {
  readonly command: string;

  constructor(message: string, command: string) {
    super(message);
    this.name = 'CannotVerify';
    this.command = command;
  }
}
