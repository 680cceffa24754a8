/** What can be packed; fields that are undefined are left out. */
export type Packable = number | string | Buffer | readonly Packable[] | { readonly [field: string]: Packable | undefined };

const FLOAT_64 = 0xcb;
const STRING_32 = 0xdb;
const ARRAY_32 = 0xdd;
const MAP_FIX = 0x80;

/** A value in MessagePack, as `cmsgpack.unpack` reads it; bytes and texts are strings to Lua, and a map has 15 fields at most. */
export function messagePack(value: Packable): Buffer {
  const parts: Buffer[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: Packable, parts: Buffer[]): void {
  if (typeof value === 'number') parts.push(number(value));
  else if (typeof value === 'string') write(Buffer.from(value), parts);
  else if (Buffer.isBuffer(value)) parts.push(head(STRING_32, value.length), value);
  else if (Array.isArray(value)) {
    parts.push(head(ARRAY_32, value.length));
    for (const item of value) write(item as Packable, parts);
  } else {
    const fields = Object.entries(value as Record<string, Packable | undefined>).filter(([, field]) => field !== undefined);
    parts.push(Buffer.from([MAP_FIX | fields.length]));
    for (const [name, field] of fields) {
      write(name, parts);
      write(field!, parts);
    }
  }
}

function number(value: number): Buffer {
  if (Number.isInteger(value) && value >= 0 && value < 128) return Buffer.from([value]);
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = FLOAT_64;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function head(format: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = format;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}
