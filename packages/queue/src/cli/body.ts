import type { BodyCodec } from '../options.ts';

/** What the command line knows of a body: it has no definition of the queue, so no schema and no codec. */
export type Body = { readonly json: string } | { readonly base64: string };

/** Takes a body for JSON where it is that, and for bytes where it is not: then a codec made it. */
export const anyBody: BodyCodec = {
  encode: (json) => json,
  decode: (stored) => Buffer.from(JSON.stringify(bodyOf(Buffer.from(stored)))),
};

function bodyOf(stored: Buffer): Body {
  const text = stored.toString();
  try {
    JSON.parse(text);
    return { json: text };
  } catch {
    return { base64: stored.toString('base64') };
  }
}

export const codecNote = 'not JSON, so the queue has a codec, which is in its definition only: base64';
