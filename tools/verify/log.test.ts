import { expect, test } from 'vitest';
import { toldOf } from './log.ts';

const traceId = '64a51ae609f4cd8971e68239997fcbc2';
const line = (fields: object) => JSON.stringify({ level: 'info', service: 'api', ...fields });

test('toldOf gives trace ids and messages of the lines about the job, each once', () => {
  const log = [
    line({ msg: 'listening' }),
    line({ msg: 'accepted', jobId: 'J1', trace_id: traceId }),
    line({ msg: 'accepted', jobId: 'J2', trace_id: 'f'.repeat(32) }),
    line({ msg: 'delivered', jobId: 'J1', trace_id: traceId }),
  ].join('\n');
  expect(toldOf(log, 'J1')).toEqual({ traceIds: [traceId], messages: ['accepted', 'delivered'] });
});

test.each([
  ['not JSON', 'J1 is mentioned by a warning'],
  ['another field', line({ msg: 'J1', trace_id: traceId })],
  ['a list', '["J1"]'],
  ['nothing', ''],
])('toldOf passes over a line that is %s', (_what, log) => {
  expect(toldOf(log, 'J1')).toEqual({ traceIds: [], messages: [] });
});

test.each(['', 'abc', 42, null])('toldOf takes %j for no trace id', (trace_id) => {
  expect(toldOf(line({ msg: 'accepted', jobId: 'J1', trace_id }), 'J1')).toEqual({ traceIds: [], messages: ['accepted'] });
});
