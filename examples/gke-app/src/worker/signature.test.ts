import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { signatureHeaders } from './signature.ts';

test('signatureHeaders gives what the specification’s example shows', () => {
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const headers = signatureHeaders(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}');
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('signatureHeaders is verified by the published library, and not once a byte has changed', () => {
  const key = randomBytes(24);
  const body = '{"text":"Zoë 👩‍👩‍👧‍👦 \\ud800","n":1.0}';
  const headers = signatureHeaders(key, 'job-1', Math.floor(Date.now() / 1000), body);
  const webhook = new Webhook(`whsec_${key.toString('base64')}`);
  expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => webhook.verify(body.replace('1.0', '1.1'), headers)).toThrow('No matching signature');
  expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'job-2' })).toThrow('No matching signature');
});
