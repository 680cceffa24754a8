import { createHash, randomBytes } from 'node:crypto';

/** What the Secret `nines` has in it, and the key of the one caller. */
export interface ExampleSecrets {
  readonly nines: Readonly<Record<'WEBHOOK_SECRET' | 'DESTINATIONS' | 'API_KEYS', string>>;
  readonly apiKey: string;
}

/** Secrets as deploy/README.md has them made. @param subscriber - where events of the destination `subscriber` go */
export function newSecrets(subscriber: string): ExampleSecrets {
  const apiKey = randomBytes(32).toString('hex');
  const hash = createHash('sha256').update(apiKey).digest('hex');
  return {
    nines: {
      WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
      DESTINATIONS: `subscriber=${subscriber}`,
      API_KEYS: `load=${hash}`,
    },
    apiKey,
  };
}
