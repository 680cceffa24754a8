import { ConfigError, fromFile, invalid, NAME, type Environment } from './variables.ts';

/** The SHA-256 of each caller's key, by the caller's name; undefined lets everybody in. */
export type ApiKeys = ReadonlyMap<string, Buffer> | undefined;

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/**
 * Reads `API_KEYS` (`name=hash,name2=hash2`, or `off`) and `API_KEYS_FILE` (JSON: name → hash); both together are merged.
 * Without either only a listener that nobody else can reach is open to all.
 */
export function readApiKeys(env: Environment, host: string): ApiKeys {
  const [list, file] = [env['API_KEYS'] ?? '', env['API_KEYS_FILE'] ?? ''];
  if (list === '' && file === '') {
    if (LOOPBACK.test(host)) return undefined;
    const cure = 'give name=SHA-256 of the key in hexadecimal, API_KEYS_FILE, or API_KEYS=off to let everybody in';
    throw new ConfigError('MISSING_VARIABLE', `API_KEYS is not set, and others can reach HOST ${host}: ${cure}`);
  }
  if (list === 'off' && file === '') return undefined;
  const keys = new Map<string, Buffer>();
  for (const [variable, name, hash] of [...fromList(list), ...Object.entries(fromFile(env, 'API_KEYS_FILE')).map(fileEntry)]) {
    if (!NAME.test(name)) throw invalid(variable, `must use names of 1 to 64 letters, digits, _, - or ., got ${JSON.stringify(name)}`);
    if (keys.has(name)) throw invalid(variable, `must name each caller once, got ${name} twice`);
    keys.set(name, readHash(variable, name, hash));
  }
  if (keys.size > 0) return keys;
  throw invalid('API_KEYS_FILE', 'must name at least one caller');
}

type Entry = readonly [variable: string, name: string, hash: unknown];

const fileEntry = ([name, hash]: [string, unknown]): Entry => ['API_KEYS_FILE', name, hash];

function fromList(list: string): Entry[] {
  if (list === '') return [];
  return list.split(',').map((entry) => {
    const [name = '', hash, ...more] = entry.trim().split('=');
    // What was given is not shown: somebody may have put the key itself there.
    if (hash === undefined || more.length > 0) throw invalid('API_KEYS', 'must be off, or name=hash,name2=hash2');
    return ['API_KEYS', name, hash];
  });
}

function readHash(variable: string, name: string, hash: unknown): Buffer {
  if (typeof hash === 'string' && /^[\da-f]{64}$/i.test(hash)) return Buffer.from(hash, 'hex');
  const make = 'openssl rand -hex 32 | tee key | tr -d "\\n" | sha256sum';
  throw invalid(variable, `must give ${name} the SHA-256 of its key, 64 hexadecimal digits (make both: ${make})`);
}
