import { Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { serve, type Mail, type Service, type Setting, type Signup } from '../service.ts';

/** Takes sign-ups over HTTP; each is sent a welcome at once and a reminder later. */
export async function startService({ redisUrl, name, reminderMs, mailer, report }: Setting): Promise<Service> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const mails = new Queue<Mail>(name, {
    connection: redis,
    defaultJobOptions: { attempts: 3, backoff: { type: 'exponential', delay: 10 }, removeOnComplete: true },
  });

  const send = async ({ data: mail }: Job<Mail>) => {
    if (!mailer.knows(mail.to)) throw new UnrecoverableError(`no mailbox ${mail.to}`);
    await mailer.send(mail);
  };
  const worker = new Worker(name, send, { connection: redis, concurrency: 8 });
  worker.on('error', report);

  const web = await serve({
    'POST /signups': async ({ user, to }: Signup) => {
      await mails.add('mail', { kind: 'welcome', to }, { jobId: `welcome-${user}` });
      await mails.add('mail', { kind: 'reminder', to }, { jobId: `reminder-${user}`, delay: reminderMs });
    },
    'GET /failed': async () => (await mails.getFailed(0, 99)).map(({ data, failedReason }) => ({ mail: data, reason: failedReason })),
    'POST /failed/retry': () => mails.retryJobs({ count: 100 }),
  });

  return {
    url: web.url,
    async stop() {
      await web.close();
      await worker.close();
      await mails.close();
      redis.disconnect();
    },
  };
}
