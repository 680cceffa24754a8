import { createHash, randomBytes } from 'node:crypto';

/** The two Secrets that deploy/scripts/secret makes, and the key of the one caller. */
export interface ExampleSecrets {
  readonly secrets: {
    readonly nines: Readonly<Record<'WEBHOOK_SECRET' | 'DESTINATIONS' | 'API_KEYS', string>>;
    readonly 'nines-redis': Readonly<Record<'API_PASSWORD' | 'WORKER_PASSWORD' | 'OPERATOR_PASSWORD', string>>;
  };
  readonly apiKey: string;
}

const random = (): string => randomBytes(32).toString('hex');

/** @param subscriber - where events of the destination `subscriber` go */
export function newSecrets(subscriber: string): ExampleSecrets {
  const apiKey = random();
  const hash = createHash('sha256').update(apiKey).digest('hex');
  const webhook = `whsec_${randomBytes(24).toString('base64')}`;
  return {
    secrets: {
      nines: { WEBHOOK_SECRET: webhook, DESTINATIONS: `subscriber=${subscriber}`, API_KEYS: `load=${hash}` },
      'nines-redis': { API_PASSWORD: random(), WORKER_PASSWORD: random(), OPERATOR_PASSWORD: random() },
    },
    apiKey,
  };
}
