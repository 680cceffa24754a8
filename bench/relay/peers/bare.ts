import { randomUUID } from 'node:crypto';
import { createApp } from './app.ts';
import { readDestinations } from './event.ts';

/** The floor: checks an event and answers, and that is all. */
const app = createApp({ destinations: readDestinations(process.env['DESTINATIONS'] ?? ''), accept: () => randomUUID() });
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ time: Date.now(), url, msg: 'listening' })}\n`);
process.once('SIGTERM', () => void app.close());
