import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { beforeAll, expect, test } from 'vitest';
import { startChild, type Child } from '../demo/child.ts';

const secret = `whsec_${randomBytes(24).toString('base64')}`;
const webhook = new Webhook(secret);
const body = '{"type":"t","data":"Zoë"}';

let receiver: Child;
let url: string;
beforeAll(async () => {
  receiver = startChild('receiver', new URL('../demo/receiver.ts', import.meta.url), {
    PORT: '0',
    WEBHOOK_SECRET: secret,
    OTEL_SERVICE_NAME: '',
  });
  url = String((await receiver.line(({ fields }) => fields['msg'] === 'listening')).fields['url']);
  return () => void receiver.stop('SIGKILL');
});

function signed(id: string, { by = webhook, ageMs = 0, text = body } = {}): Record<string, string> {
  const at = new Date(Date.now() - ageMs);
  const seconds = String(Math.floor(at.getTime() / 1000));
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': by.sign(id, at, text) };
}

async function send(headers: Record<string, string>, text: string = body): Promise<number> {
  return (await fetch(`${url}/hooks`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text })).status;
}

test('what the published library signs is taken', async () => {
  expect(await send(signed('m1'))).toBe(204);
});

const stranger = new Webhook(`whsec_${randomBytes(24).toString('base64')}`);

test.each([
  ['signed with another key', signed('m2', { by: stranger }), body, 'No matching signature found'],
  ['with another body', signed('m3'), body.replace('Zoë', 'Eve'), 'No matching signature found'],
  ['with another id', { ...signed('m4'), 'webhook-id': 'm5' }, body, 'No matching signature found'],
  ['from ten minutes ago', signed('m6', { ageMs: 600_000 }), body, 'Message timestamp too old'],
  ['from in ten minutes', signed('m7', { ageMs: -600_000 }), body, 'Message timestamp too new'],
  ['without a signature', { 'webhook-id': 'm8' }, body, 'Missing required headers'],
  ['with a time that is none', { ...signed('m9'), 'webhook-timestamp': 'now' }, body, 'Invalid Signature Headers'],
])('an event %s is refused with 401', async (_what, headers, text, reason) => {
  expect(await send(headers, text)).toBe(401);
  const { fields } = await receiver.line((line) => line.fields['msg'] === 'received' && line.fields['jobId'] === headers['webhook-id']);
  expect(fields).toMatchObject({ answer: 401, signature: 'invalid', reason });
});

test('a forged event is refused whatever fault is on', async () => {
  await fetch(`${url}/__faults`, { method: 'POST', body: '{"mode": "status", "status": 200}' });
  expect(await send(signed('m10', { by: stranger }))).toBe(401);
  await fetch(`${url}/__faults`, { method: 'POST', body: '{"mode": "none"}' });
});

test.each(['{"mode": "explode"}', '[]', 'no JSON', '{"latencyMs": 60001}', '{"unknown": 1}'])(
  'the faults %s are refused, and nothing changes',
  async (faults) => {
    expect((await fetch(`${url}/__faults`, { method: 'POST', body: faults })).status).toBe(422);
    expect(await (await fetch(`${url}/__faults`)).json()).toMatchObject({ faults: { mode: 'none', latencyMs: 0 } });
  },
);
