import { createConsumer, createInspector, createProducer, DeadLetterError, defineQueue, exponential, type Job } from '@nines/queue';
import { Redis } from 'ioredis';
import { serve, type Mail, type Service, type Setting, type Signup } from '../service.ts';

/** Takes sign-ups over HTTP; each is sent a welcome at once and a reminder later. */
export async function startService({ redisUrl, name, reminderMs, mailer, report }: Setting): Promise<Service> {
  const redis = new Redis(redisUrl, { lazyConnect: true });
  const queue = defineQueue<Mail>({ name, maxAttempts: 3, backoff: exponential({ baseMs: 10, maxMs: 60_000 }) });
  const mails = createProducer(queue, { redis });
  const inspector = createInspector(queue, { redis });

  const send = async ({ payload: mail }: Job<Mail>) => {
    if (!mailer.knows(mail.to)) throw new DeadLetterError(`no mailbox ${mail.to}`);
    await mailer.send(mail);
  };
  const worker = createConsumer(queue, send, { redis, concurrency: 8, onError: report });
  await worker.start();

  const web = await serve({
    'POST /signups': async ({ user, to }: Signup) => {
      await mails.enqueue({ kind: 'welcome', to }, { id: `welcome-${user}` });
      await mails.enqueue({ kind: 'reminder', to }, { id: `reminder-${user}`, delayMs: reminderMs });
    },
    'GET /failed': async () => (await inspector.list('dead')).map(({ payload, lastError }) => ({ mail: payload, reason: lastError })),
    'POST /failed/retry': () => inspector.redrive({ limit: 100 }),
  });

  return {
    url: web.url,
    async stop() {
      await web.close();
      await worker.stop();
      await mails.close();
      await inspector.close();
    },
  };
}
