import { ConfigError, fromFile, invalid, NAME, type Environment } from './variables.ts';

/** Where events may go. Callers name a destination; no request can name a URL. */
export interface Destination {
  readonly name: string;
  readonly url: string;
  /** Key of its signatures; undefined means that of `WEBHOOK_SECRET`. */
  readonly secret: Buffer | undefined;
  /** One event at a time, in the order of acceptance; one that is retried holds up those behind it. */
  readonly ordered: boolean;
}

type Unordered = Omit<Destination, 'ordered'>;

export type Destinations = ReadonlyMap<string, Destination>;

/** Reads `DESTINATIONS` (`name=url,name2=url2`) and `DESTINATIONS_FILE` (JSON: name → URL or `{ url, secret }`); both together are merged. */
export function readDestinations(env: Environment): Destinations {
  const destinations = new Map<string, Destination>();
  const ordered = names(env['ORDERED_DESTINATIONS'] ?? '');
  for (const entry of [...fromList(env['DESTINATIONS'] ?? ''), ...fromObject(fromFile(env, 'DESTINATIONS_FILE'))]) {
    if (destinations.has(entry.name)) throw invalid('DESTINATIONS', `must name each destination once, got ${entry.name} twice`);
    destinations.set(entry.name, { ...entry, ordered: ordered.delete(entry.name) });
  }
  for (const name of ordered) throw invalid('ORDERED_DESTINATIONS', `must name destinations, got ${JSON.stringify(name)}, which is none`);
  if (destinations.size > 0) return destinations;
  throw new ConfigError('MISSING_VARIABLE', 'DESTINATIONS is not set: give name=url,name2=url2, or DESTINATIONS_FILE');
}

/** @throws {ConfigError} unless the text is `whsec_` and 24 to 64 bytes in base64; the text is never shown. */
export function readSecret(variable: string, secret: string): Buffer {
  const base64 = /^whsec_([A-Za-z\d+/]+={0,2})$/.exec(secret)?.[1];
  const key = Buffer.from(base64 ?? '', 'base64');
  if (key.length >= 24 && key.length <= 64) return key;
  throw invalid(variable, 'must be whsec_ followed by 24 to 64 bytes in base64 (make one: echo "whsec_$(openssl rand -base64 24)")');
}

function names(list: string): Set<string> {
  const entries = list.split(',').map((entry) => entry.trim());
  return new Set(entries.filter((entry) => entry !== ''));
}

function fromList(list: string): Unordered[] {
  return [...names(list)].map((entry) => {
    const [, name, url] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
    if (name === undefined || url === undefined) throw invalid('DESTINATIONS', `must be name=url,name2=url2, got ${JSON.stringify(entry)}`);
    return destination('DESTINATIONS', name.trim(), url.trim(), undefined);
  });
}

function fromObject(object: object): Unordered[] {
  return Object.entries(object).map(([name, value]) => {
    const { url, secret } = typeof value === 'string' ? { url: value } : ((value ?? {}) as { url?: unknown; secret?: unknown });
    if (secret !== undefined && typeof secret !== 'string') throw invalid('DESTINATIONS_FILE', `must give ${name} a secret that is text`);
    return destination('DESTINATIONS_FILE', name, url, secret);
  });
}

function destination(variable: string, name: string, url: unknown, secret: string | undefined): Unordered {
  if (!NAME.test(name)) throw invalid(variable, `must use names of 1 to 64 letters, digits, _, - or ., got ${JSON.stringify(name)}`);
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) throw invalid(variable, `must give ${name} an http or https URL`);
  if (parsed.username !== '' || parsed.password !== '') throw invalid(variable, `must give ${name} a URL without user name and password`);
  return { name, url: parsed.href, secret: secret === undefined ? undefined : readSecret(`${variable}: ${name}: secret`, secret) };
}
