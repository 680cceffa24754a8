import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DeadLetterError, type BodyCodec } from '@nines/queue';

export interface EncryptionOptions {
  /** Name of the queue; a body that was moved to another queue is refused. */
  readonly queue: string;
  /** 32 bytes each, by id. Those that are not current only decrypt. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
  /** Id of the key that encrypts. */
  readonly current: string;
  /** Whether to read bodies that were never encrypted, for as long as a queue has some. Default false. */
  readonly plain?: boolean;
}

/** First byte: the form of the rest. Then the length of the key's id, the id, 12 bytes of nonce, 16 of tag, and what is encrypted. */
const FORM = 16;

/** AES-256-GCM. What was changed is dead-lettered; what was encrypted by a key that is not here is tried again, for it may be on its way. */
export function encrypted({ queue, keys, current, plain = false }: EncryptionOptions): BodyCodec {
  const keyOf = (id: string): Uint8Array => {
    const key = keys[id];
    if (key?.length !== 32) throw new Error(`there is no key ${id} of 32 bytes here`);
    return key;
  };
  keyOf(current);
  return {
    encode(bytes) {
      const head = Buffer.concat([Buffer.of(FORM, Buffer.byteLength(current)), Buffer.from(current)]);
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', keyOf(current), nonce, { authTagLength: 16 });
      cipher.setAAD(Buffer.concat([head, Buffer.from(queue)]));
      const secret = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([head, nonce, cipher.getAuthTag(), secret]);
    },
    decode(stored) {
      if (stored[0] !== FORM && plain) return stored;
      if (stored[0] !== FORM) throw new DeadLetterError('the body is not encrypted');
      const head = stored.subarray(0, 2 + (stored[1] ?? 0));
      const key = keyOf(Buffer.from(head.subarray(2)).toString());
      const [nonce, tag, secret] = [
        stored.subarray(head.length, head.length + 12),
        stored.subarray(head.length + 12, head.length + 28),
        stored.subarray(head.length + 28),
      ];
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
        decipher.setAAD(Buffer.concat([head, Buffer.from(queue)])).setAuthTag(tag);
        return Buffer.concat([decipher.update(secret), decipher.final()]);
      } catch (cause) {
        throw new DeadLetterError('the body was changed, or encrypted by another key of this id', { cause });
      }
    },
  };
}
