import BeeQueue from 'bee-queue';
import { serve, type Mail, type Service, type Setting, type Signup } from '../service.ts';

/** Takes sign-ups over HTTP; each is sent a welcome at once and a reminder later. */
export async function startService({ redisUrl, name, reminderMs, mailer, report }: Setting): Promise<Service> {
  const mails = new BeeQueue<Mail>(name, { redis: { url: redisUrl }, removeOnSuccess: true, storeJobs: false, activateDelayedJobs: true });
  const add = (id: string, mail: Mail, dueMs = 0) =>
    mails.createJob(mail).setId(id).retries(2).backoff('exponential', 10).delayUntil(dueMs).save();

  const send = async ({ data: mail, options }: BeeQueue.Job<Mail>) => {
    if (!mailer.knows(mail.to)) options.retries = 0;
    if (!mailer.knows(mail.to)) throw new Error(`no mailbox ${mail.to}`);
    await mailer.send(mail);
  };
  mails.process(8, send);
  mails.on('error', report).checkStalledJobs(5_000, () => {});

  const failed = () => mails.getJobs('failed', { size: 100 });
  const web = await serve({
    'POST /signups': async ({ user, to }: Signup) => {
      await add(`welcome-${user}`, { kind: 'welcome', to });
      await add(`reminder-${user}`, { kind: 'reminder', to }, Date.now() + reminderMs);
    },
    'GET /failed': async () => (await failed()).map(({ data, options }) => ({ mail: data, reason: options.stacktraces[0] })),
    'POST /failed/retry': async () => Promise.all((await failed()).map(({ id, data }) => mails.removeJob(id).then(() => add(id, data)))),
  });

  return {
    url: web.url,
    async stop() {
      await web.close();
      await mails.close();
    },
  };
}
