import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stand-in for a package registry on loopback: it takes and gives packages, forwards nothing, forgets all at the end. */
export interface RegistryStub {
  readonly url: string;
  readonly token: string;
  /** `@nines/queue@0.1.0`, in the order of publication. */
  readonly published: readonly string[];
  close(): Promise<void>;
}

interface Version {
  readonly version: string;
  readonly dist: { readonly integrity: string; readonly tarball: string };
}

interface Packument {
  readonly name: string;
  readonly versions: Record<string, Version>;
  readonly 'dist-tags': Record<string, string>;
}

interface Publication extends Packument {
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>;
}

interface Shelf {
  readonly packuments: Map<string, Packument>;
  readonly tarballs: Map<string, Buffer>;
  readonly published: string[];
  readonly token: string;
}

/** What is answered: a status and JSON, or a tarball. */
type Answer = readonly [status: number, body: object | Buffer];

const BODY_BYTES_MAX = 64 * 1024 * 1024;

export async function startRegistry(token = 'rehearsal'): Promise<RegistryStub> {
  const shelf: Shelf = { packuments: new Map(), tarballs: new Map(), published: [], token };
  const server = createServer((request, response) => void serve(shelf, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    token,
    published: shelf.published,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(shelf: Shelf, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, body] = await answer(shelf, request).catch((error: unknown): Answer => [500, { error: String(error) }]);
  const tarball = Buffer.isBuffer(body);
  response.writeHead(status, { 'content-type': tarball ? 'application/octet-stream' : 'application/json' });
  response.end(tarball ? body : JSON.stringify(body));
}

async function answer(shelf: Shelf, request: IncomingMessage): Promise<Answer> {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://registry').pathname).slice(1);
  if (request.method === 'PUT') {
    if (request.headers.authorization !== `Bearer ${shelf.token}`) return [401, { error: 'a token is needed' }];
    return publish(shelf, path, JSON.parse(await text(request)) as Publication, `http://${request.headers.host ?? ''}/`);
  }
  const found = shelf.packuments.get(path) ?? shelf.tarballs.get(path);
  return request.method === 'GET' && found !== undefined ? [200, found] : [404, { error: `${path} is not here` }];
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** As the real one: a version is taken once, and only if the tarball is what its integrity says. */
function publish(shelf: Shelf, name: string, given: Publication, base: string): Answer {
  const known = shelf.packuments.get(name) ?? { name, versions: {}, 'dist-tags': {} };
  for (const [version, manifest] of Object.entries(given.versions)) {
    if (version in known.versions) return [403, { error: `${name}@${version} is published already` }];
    const path = `${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`;
    const data = Object.values(given['_attachments'])[0]?.data;
    if (data === undefined) return [400, { error: 'the tarball is missing' }];
    const tarball = Buffer.from(data, 'base64');
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    if (integrity !== manifest.dist.integrity) return [400, { error: 'the tarball is not what its integrity says' }];
    shelf.tarballs.set(path, tarball);
    known.versions[version] = { ...manifest, dist: { ...manifest.dist, tarball: base + path } };
    shelf.published.push(`${name}@${version}`);
  }
  Object.assign(known['dist-tags'], given['dist-tags']);
  shelf.packuments.set(name, known);
  return [201, { ok: true }];
}
