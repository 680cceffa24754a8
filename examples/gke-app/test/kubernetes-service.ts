import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';

/** A process behind the service: where it listens and where it says whether it is ready. */
export interface Endpoint {
  readonly url: string;
  readonly probesUrl: string;
}

export interface Answer {
  readonly status: number;
  readonly id: string | undefined;
}

/**
 * What a Kubernetes Service is to a caller that keeps its connections: a new connection goes to one of the endpoints whose
 * readiness probe answers, and an open one stays where it is, whatever becomes of its endpoint.
 */
export interface KubernetesService {
  /** Resolves once the endpoint is asked whether it is ready; it is asked again and again from then on. */
  add(endpoint: Endpoint): Promise<void>;
  /** Rejects when the connection was refused, reset, or closed without an answer. */
  post(path: string, body: string): Promise<Answer>;
  /** Kept connections that the other side closed without having said so in its last answer: a request may have been on its way. */
  readonly cut: number;
  close(): void;
}

const PROBE_EVERY_MS = 50;

export function kubernetesService(): KubernetesService {
  const ready = new Set<Endpoint>();
  const probes: NodeJS.Timeout[] = [];
  const agent = new KeptConnections(ready);
  return {
    async add(endpoint) {
      const probe = async () => {
        const answer = await fetch(`${endpoint.probesUrl}/readyz`).catch(() => undefined);
        if (answer?.status === 200) ready.add(endpoint);
        else ready.delete(endpoint);
      };
      await probe();
      probes.push(setInterval(() => void probe(), PROBE_EVERY_MS));
    },
    async post(path, body) {
      const sent = request({ agent, path, method: 'POST', headers: { 'content-type': 'application/json' } });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const { id } = (await json(response)) as { id?: string };
      return { status: response.statusCode ?? 0, id };
    },
    get cut() {
      return agent.cut;
    },
    close() {
      for (const probe of probes) clearInterval(probe);
      agent.destroy();
    },
  };
}

class KeptConnections extends Agent {
  cut = 0;
  readonly #ready: ReadonlySet<Endpoint>;
  readonly #gone = (): void => void (this.cut += 1);
  #turn = 0;

  constructor(ready: ReadonlySet<Endpoint>) {
    // First in, first out: every connection is used again and again, none lies idle.
    super({ keepAlive: true, maxSockets: 16, scheduling: 'fifo' });
    this.#ready = ready;
  }

  override createConnection(): Socket {
    const endpoints = [...this.#ready];
    const { url = 'http://127.0.0.1:1' } = endpoints[(this.#turn += 1) % endpoints.length] ?? {};
    return connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  }

  override keepSocketAlive(socket: Socket): boolean {
    socket.once('close', this.#gone);
    return super.keepSocketAlive(socket) as unknown as boolean;
  }

  override reuseSocket(socket: Socket, sent: ClientRequest): void {
    socket.off('close', this.#gone);
    super.reuseSocket(socket, sent);
  }
}
