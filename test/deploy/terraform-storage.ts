import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As much of Google Cloud Storage's JSON API as Terraform's backend asks for: objects that are listed, read, written once by a condition, and deleted. */
export interface Storage {
  readonly url: string;
  /** Name → content of every object of every bucket. */
  readonly objects: Map<string, string>;
  close(): Promise<void>;
}

export async function startStorage(): Promise<Storage> {
  const objects = new Map<string, string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(objects, request, Buffer.concat(chunks).toString(), response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/storage/v1/b`,
    objects,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(objects: Map<string, string>, request: IncomingMessage, body: string, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const send = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-goog-generation': '1' });
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };
  const missing = (): void => send(404, { error: { code: 404, message: 'no such object', errors: [{ reason: 'notFound' }] } });
  const listed = /^\/storage\/v1\/b\/[^/]+\/o$/.test(pathname);
  const name = decodeURIComponent(/^\/storage\/v1\/b\/[^/]+\/o\/(.+)$/.exec(pathname)?.[1] ?? '');
  const direct = decodeURIComponent(/^\/(?!storage\/|upload\/)[^/]+\/(.+)$/.exec(pathname)?.[1] ?? '');

  if (request.method === 'POST') {
    const written = upload(request, searchParams, body);
    if (searchParams.get('ifGenerationMatch') === '0' && objects.has(written.name))
      send(412, { error: { code: 412, message: 'it is there' } });
    else {
      objects.set(written.name, written.content);
      send(200, resource(written.name, written.content));
    }
  } else if (request.method === 'DELETE') {
    if (objects.delete(name)) send(204, '');
    else missing();
  } else if (listed) {
    const prefix = searchParams.get('prefix') ?? '';
    const found = [...objects].filter(([key]) => key.startsWith(prefix));
    send(200, { kind: 'storage#objects', items: found.map(([key, content]) => resource(key, content)) });
  } else {
    const key = name === '' ? direct : name;
    const content = objects.get(key);
    if (content === undefined) missing();
    else send(200, searchParams.get('alt') === 'media' || name === '' ? content : resource(key, content));
  }
}

function resource(name: string, content: string): object {
  return { kind: 'storage#object', bucket: 'b', name, size: String(Buffer.byteLength(content)), generation: '1', metageneration: '1' };
}

/** Both parts of a multipart/related body: the object's description, and its content. */
function upload(request: IncomingMessage, search: URLSearchParams, body: string): { name: string; content: string } {
  const boundary = /boundary="?([^";]+)/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const parts = body.split(`--${boundary}`).slice(1, -1);
  const [description = '', content = ''] = parts.map((part) => part.slice(part.indexOf('\r\n\r\n') + 4, -2));
  const { name } = JSON.parse(description) as { name?: string };
  return { name: name ?? search.get('name') ?? '', content };
}
