import type { BodyCodec } from '@nines/queue';

/** Several codecs as one: bodies pass from left to right on their way to Redis, and back from right to left. */
export function chained(...codecs: readonly BodyCodec[]): BodyCodec {
  return {
    async encode(bytes) {
      for (const { encode } of codecs) bytes = await encode(bytes);
      return bytes;
    },
    async decode(bytes) {
      for (const { decode } of codecs.toReversed()) bytes = await decode(bytes);
      return bytes;
    },
  };
}
