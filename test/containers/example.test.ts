import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pod } from '../../tools/cluster/cluster.ts';
import { Example } from '../../tools/cluster/example.ts';
import { exampleImages } from '../../tools/cluster/images.ts';
import type { Process } from '../../tools/cluster/process.ts';
import { describeAccount, FAULTS, isKept, underLoad } from '../../tools/cluster/zero-loss.ts';
import { imageOf } from '../../tools/test/containers.ts';
import { findCluster } from './rung.ts';

const { containers, skipped } = await findCluster();
/** So many before each fault, and after it is mended. */
const LOAD = { perSecond: 200, around: 200 };

const lineAbout = async (process: Process, id: string, message: string) =>
  (await process.line(({ fields }) => fields['msg'] === message && fields['jobId'] === id)).fields;

/** What a script says that the container's own Node runs. */
async function inside(pod: Pod, script: string): Promise<unknown> {
  return JSON.parse(await pod.exec('/nodejs/bin/node', '--eval', script));
}

describe.skipIf(skipped !== undefined)('the example in containers, its network policies enforced', () => {
  let example: Example;

  beforeAll(async () => {
    const { standIn } = await containers.images();
    const images = await exampleImages(containers, standIn, imageOf);
    // As short as the test wants to be: the load balancer asks /readyz, and an api that ends goes on serving for five seconds by itself.
    example = await Example.start({ engine: containers, images, preStopMaxMs: 1000 });
  }, 600_000);
  afterAll(() => example?.close(), 120_000);

  test('an event that comes in at the address of the load balancer is delivered, as one trace', async () => {
    const { accepted } = await example.load({ perSecond: 200, requests: 8 });
    expect(await example.deliveries.missing(accepted, 60_000)).toEqual([]);
    const [id = ''] = accepted;
    const received = await lineAbout(example.receiver, id, 'received');
    const delivered = await Promise.any(example.workers.map(({ process }) => lineAbout(process, id, 'delivered')));
    const taken = await Promise.any(example.apis.map(({ process }) => lineAbout(process, id, 'accepted')));
    expect(received).toMatchObject({ answer: 204, signature: 'valid', trace_id: expect.stringMatching(/^[\da-f]{32}$/) as unknown });
    expect([delivered['trace_id'], taken['trace_id']]).toEqual([received['trace_id'], received['trace_id']]);
  });

  test.each(['apis', 'workers'] as const)(
    '%s run as the rendered pods say: as 1000, with no capability, on a file system that is read-only',
    async (kind) => {
      const script = `
      const status = require('node:fs').readFileSync('/proc/1/status', 'utf8');
      const field = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(status)[1];
      let written; try { require('node:fs').writeFileSync('/app/x', ''); } catch (error) { written = error.code; }
      console.log(JSON.stringify({ uid: field('Uid'), capabilities: field('CapBnd'), noNewPrivileges: field('NoNewPrivs'), seccomp: field('Seccomp'), written }));`;
      const expected = { uid: '1000', capabilities: '0000000000000000', noNewPrivileges: '1', seccomp: '2', written: 'EROFS' };
      for (const pod of example[kind]) expect(await inside(pod, script)).toEqual(expected);
    },
  );

  test('from inside of its container a worker reaches the subscriber, and an api does not', async () => {
    const script = `
      const { hostname } = new URL('http://subscriber.example');
      require('node:net').connect(443, hostname)
        .once('connect', function () { this.destroy(); console.log('"connected"'); })
        .once('error', ({ code }) => console.log(JSON.stringify(code)));`;
    expect(await Promise.all([...example.workers, ...example.apis].map((pod) => inside(pod, script)))).toEqual([
      'connected',
      'connected',
      'ECONNREFUSED',
      'ECONNREFUSED',
    ]);
  });

  test('Redis is set up as the rendered ConfigMap says', async () => {
    expect(await example.ask('INFO', 'persistence')).toContain('aof_enabled:1');
    expect(await example.ask('INFO', 'memory')).toContain('maxmemory_policy:noeviction');
  });

  test.each(Object.values(FAULTS))(
    'under 200 requests a second, $name: nothing accepted fails or is lost',
    { timeout: 400_000 },
    async (fault) => {
      const account = await underLoad(example, fault, LOAD);
      process.stderr.write(`${describeAccount(account)}\n`);
      const { failed, lost, unexplained, broken, refused } = account;
      expect(isKept(account), JSON.stringify({ failed, lost, unexplained, broken, refused })).toBe(true);
      expect(await example.jobs()).toEqual({ unfinished: 0, dead: 0 });
    },
  );

  test('traces reached the collector, and Redis refused nobody a command', async () => {
    await example.collector.call('traces');
    expect((await example.ask('ACL', 'LOG')).trim()).toBe('');
  });
});
