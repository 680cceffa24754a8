import { TelemetryError } from '../errors.ts';

/** Field names whose values never reach a log line, up to three objects deep. */
export const redactedFields: readonly string[] = Object.freeze([
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'password',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'x-api-key',
]);

const identifier = /^[A-Za-z_$][\w$]*$/u;
const dotted = /^[\w$*-]+(?:\.[\w$*-]+)*$/u;

/** A path in the form that the redaction library reads: names that are no identifiers go in brackets. */
function path(segments: readonly string[]): string {
  return segments
    .map((segment) => (segment === '*' || identifier.test(segment) ? segment : `["${segment}"]`))
    .join('.')
    .replaceAll('.[', '[');
}

/** The paths to redact: each bare name at three depths, each dotted path as it stands. */
export function redactionPaths(extra: readonly string[] = []): string[] {
  for (const entry of extra) {
    if (typeof entry !== 'string' || !dotted.test(entry)) {
      throw new TelemetryError('INVALID_OPTION', `redact must hold field names or dotted paths, got ${JSON.stringify(entry)}`);
    }
  }
  const paths = [...redactedFields, ...extra].flatMap((entry) => {
    const segments = entry.split('.');
    return segments.length > 1 ? [path(segments)] : [path([entry]), path(['*', entry]), path(['*', '*', entry])];
  });
  return [...new Set(paths)];
}
