import type { IncomingMessage } from 'node:http';

/** Read and thrown away of what is too large, so that the sender gets to read the refusal; beyond it the connection is cut. */
const PATIENCE = 8;

/** The body of a request as text; undefined when it has more than so many bytes. */
export async function readText(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Without this, leaving the loop would cut the connection before the refusal is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    if (bytes > PATIENCE * bytesMax) break;
  }
  return bytes > bytesMax ? undefined : Buffer.concat(chunks).toString('utf8');
}
