import { createHmac } from 'node:crypto';

/**
 * The headers that let a receiver check who sent an event and when, as https://www.standardwebhooks.com defines them:
 * HMAC-SHA256 over `id.timestamp.body`, in base64, marked `v1`. The id stays the same over all attempts, so a receiver can
 * tell a repetition by it.
 */
export function signatureHeaders(key: Buffer, id: string, atSeconds: number, body: string): Record<string, string> {
  const signature = createHmac('sha256', key).update(`${id}.${atSeconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(atSeconds), 'webhook-signature': `v1,${signature}` };
}
