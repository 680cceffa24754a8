/** What Redis answers a user that lacks a right; Redis 6.2 and 7.0 say it of a command in a script in other words. */
const FORBIDDEN = /NOPERM|The user executing the script can't/;
const LINE = /@user_script: ?(\d+)/;
const NAMED = /run the '([\w|]+)' command/;

/**
 * Names what a user lacks the right for, undefined where Redis said something else. Up to Redis 7.0 its words name no command of a script but
 * the line, and that is looked up in the source.
 */
export function forbiddenBy(message: string, source: string): string | undefined {
  if (!FORBIDDEN.test(message)) return undefined;
  const named = NAMED.exec(message)?.[1];
  if (named !== undefined) return named.toUpperCase();
  const line = source.split('\n')[Number(LINE.exec(message)?.[1] ?? 0) - 1] ?? '';
  const called = [...line.matchAll(/redis\.p?call\('(\w+)'/g)].map(([, command]) => command!);
  return called.length === 0 ? 'a command of it' : [...new Set(called)].join(' or ');
}
