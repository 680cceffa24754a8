/** One program of the cluster, as it serves its parent: calls come by Node's message channel, one answer for each. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Answer = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: string };

/** Answers until the parent is gone, however that went: a network that no process is in any more goes with the process. */
export function serve(calls: Calls): void {
  process.on('disconnect', () => process.exit());
  process.on('message', ({ id, name, argument }: Call) => void answer(id, calls[name], argument));
  send({ id: 0, result: 'ready' });
}

async function answer(id: number, call: Calls[string] | undefined, argument: unknown): Promise<void> {
  try {
    send({ id, result: await call?.(argument as never) });
  } catch (error) {
    send({ id, error: String(error) });
  }
}

function send(answered: Answer): void {
  process.send?.(answered);
}
