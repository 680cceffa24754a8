import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Admitted, type AdmissionOptions, type AdmissionSnapshot, Gate, type Refused, resolveAdmission } from './admission.ts';
import type { RequestHeaders } from './headers.ts';
import type { RequestContext } from './request.ts';

/** What is used of a server's response. */
interface ResponseLike {
  readonly writableFinished: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** What is used of a fastify reply. */
export interface ReplyLike {
  readonly raw: ResponseLike;
  /** Sets the status. */
  code(status: number): unknown;
  /** Sets a header. */
  header(name: string, value: string): unknown;
  /** Ends the response. */
  send(payload: string): unknown;
}

/** Admission to one server. */
export interface Admission {
  /** Puts the gate before a handler of node:http. What is shed never reaches it. What the handler throws is for you to catch, as without a gate. */
  handler(
    serve: (request: IncomingMessage, response: ServerResponse) => unknown,
  ): (request: IncomingMessage, response: ServerResponse) => void;
  /** The same for fastify: `app.addHook('onRequest', gate.onRequest)`. */
  readonly onRequest: (request: { readonly headers: RequestHeaders }, reply: ReplyLike, done: () => void) => void;
  /** The same for anything else: decides, and counts the request until it is ended. */
  admit(headers: RequestHeaders): Admitted | Refused;
  /** The request that is served here, in whatever was begun by its handler; undefined outside of one. */
  current(): RequestContext | undefined;
  /** Counts of now. */
  snapshot(): AdmissionSnapshot;
}

/** Ends the request with its response: answered when all of it was written. */
function endWith(response: ResponseLike, admitted: Admitted): void {
  response.once('close', () => admitted.end(response.writableFinished));
}

function refusalHeaders({ retryAfterSeconds }: Refused): Record<string, string> {
  return { 'content-length': '0', ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }) };
}

/**
 * Sheds load at the door of a server, what matters least first, before it is too late for all. Reads the deadline
 * (`grpc-timeout`) and the criticality (`x-criticality`) that a client sent, and gives the handler a signal that aborts at the
 * deadline and when the client leaves. What is shed gets 503 with `Retry-After`; a request without time left gets 504.
 *
 * @throws ResilienceError `INVALID_OPTION`
 *
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import type { AddressInfo } from 'node:net';
 * import { admission } from '@nines/resilience/http';
 *
 * const gate = admission({ maxInFlight: 100 });
 * const server = createServer(gate.handler((_request, response) => response.end(gate.current()?.criticality)));
 * await once(server.listen(0, '127.0.0.1'), 'listening');
 * const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 * const response = await fetch(url, { headers: { 'x-criticality': 'sheddable', 'grpc-timeout': '500m' } });
 * console.log(response.status, await response.text()); // 200 sheddable
 * server.close();
 * ```
 */
export function admission(options: AdmissionOptions): Admission {
  const gate = new Gate(resolveAdmission(options));
  const requests = new AsyncLocalStorage<RequestContext>();
  return {
    handler: (serve) => (request, response) => {
      const result = gate.admit(request.headers);
      if (!result.admitted) {
        response.writeHead(result.status, refusalHeaders(result)).end();
        return;
      }
      endWith(response, result);
      requests.run(result.request, () => void serve(request, response));
    },
    onRequest(request, reply, done) {
      const result = gate.admit(request.headers);
      if (!result.admitted) {
        for (const [name, value] of Object.entries(refusalHeaders(result))) reply.header(name, value);
        reply.code(result.status);
        reply.send('');
        return;
      }
      endWith(reply.raw, result);
      requests.run(result.request, done);
    },
    admit: (headers) => gate.admit(headers),
    current: () => requests.getStore(),
    snapshot: () => gate.snapshot(),
  };
}
