import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import type { BodyCodec } from '@nines/queue';

type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;
type Decompress = (bytes: Uint8Array, limit: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** The first byte says by what a body was compressed, and no JSON begins with one of these. Never give a number another meaning. */
const methods: Readonly<Record<'gzip' | 'brotli' | 'zstd', readonly [mark: number, Compress, Decompress]>> = {
  gzip: [1, promisify<Uint8Array, Uint8Array>(gzip), promisify(gunzip)],
  brotli: [2, (bytes) => promisify(brotliCompress)(bytes, quick), promisify(brotliDecompress)],
  zstd: [3, promisify<Uint8Array, Uint8Array>(zstdCompress), promisify(zstdDecompress)],
};

/** Compresses bodies of `fromBytes` and more; reads whatever any method wrote, and what was enqueued before there was a codec. */
export function compressed(method: keyof typeof methods, options: { fromBytes?: number; maxBytes?: number } = {}): BodyCodec {
  const { fromBytes = 1_024, maxBytes = 16_777_216 } = options;
  const [mark, compress] = methods[method];
  return {
    async encode(json) {
      return json.length < fromBytes ? json : Buffer.concat([Buffer.of(mark), await compress(json)]);
    },
    async decode(stored) {
      const decompress = Object.values(methods).find(([mark]) => mark === stored[0])?.[2];
      // Without a limit a few kilobytes could become gigabytes.
      return decompress === undefined ? stored : decompress(stored.subarray(1), { maxOutputLength: maxBytes });
    },
  };
}
