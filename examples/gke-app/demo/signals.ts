/** Resolves at the first Ctrl-C or SIGTERM; a later one, not of the same gesture, ends the process and so everything it started. */
export function interrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const onSignal = () => {
    // On Ctrl-C the terminal and npm each send one.
    if (firstAt !== undefined && Date.now() - firstAt > 1000) process.exit(130);
    firstAt ??= Date.now();
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return promise;
}
