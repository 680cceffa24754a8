/** Names of commands are such words; anything else is some program's text and stays out. */
const commandName = /^[A-Z][A-Z0-9._]{0,63}$/u;

/** The name of a Redis command as spans and log lines may show it; `_OTHER` for what is none. */
export function redisOperation(name: string): string {
  const upper = name.toUpperCase();
  return commandName.test(upper) ? upper : '_OTHER';
}
