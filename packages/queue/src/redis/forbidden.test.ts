import { expect, test } from 'vitest';
import { forbiddenBy } from './forbidden.ts';

const source =
  "local one = 1\nif redis.call('LLEN', KEYS[1]) + redis.call('HLEN', KEYS[2]) > one then\n  return redis.call(ARGV[1], KEYS[1])\nend";
const denied = "The user executing the script can't run this command or subcommand";

test.each([
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'EVALSHA'],
  ["NOPERM User api has no permissions to run the 'client|list' command", 'CLIENT|LIST'],
  ["NOPERM User api has no permissions to run the 'hlen' command script: abc, on @user_script:2.", 'HLEN'],
  [`ERR ${denied} script: abc, on @user_script:2.`, 'LLEN or HLEN'],
  [`ERR Error running script (call to f_abc): @user_script:2: @user_script: 2: ${denied}`, 'LLEN or HLEN'],
  [`ERR ${denied} script: abc, on @user_script:3.`, 'a command of it'],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', 'a command of it'],
])('%s', (message, named) => expect(forbiddenBy(message, source)).toBe(named));

test('what is no refusal of a right is none', () => {
  expect(
    forbiddenBy('WRONGTYPE Operation against a key holding the wrong kind of value script: abc, on @user_script:2.', source),
  ).toBeUndefined();
});
