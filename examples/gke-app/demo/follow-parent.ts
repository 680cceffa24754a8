/**
 * Loaded before a service of the demo (`--import`): the service ends in order when the process that started it is gone,
 * however that one ended. Their standard input is a pipe from the parent, which the system closes.
 */
process.stdin.resume();
process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM'));
(process.stdin as unknown as { unref?(): void }).unref?.();
