import { describe, expect, test } from 'vitest';
import { containerRung, skipAsked } from './rung.ts';

const noDocker = 'no Docker daemon answers';

describe('the tests in containers', () => {
  test.each([undefined, 'true', 'false'])('run where Docker is, with CI=%s', (ci) => {
    expect(containerRung({ noDocker: undefined, skip: undefined, ci })).toEqual({ run: true });
    expect(containerRung({ noDocker: undefined, skip: '', ci })).toEqual({ run: true });
  });

  test.each(['true', '1', 'woodpecker'])(
    'fail in continuous integration (CI=%s) where Docker is not, and say how to leave them out',
    (ci) => {
      expect(containerRung({ noDocker, skip: undefined, ci })).toEqual({
        run: false,
        fails: true,
        line: `FAILED: the tests in containers cannot run, and CI is set. ${noDocker}; to leave them out say why: SKIP_R3='no container runs on this machine'`,
      });
      expect(containerRung({ noDocker, skip: ' ', ci })).toMatchObject({ fails: true });
    },
  );

  test.each([undefined, '', 'false', '0'])('are left out with a line on a machine of one’s own (CI=%s) where Docker is not', (ci) => {
    expect(containerRung({ noDocker, skip: undefined, ci })).toEqual({
      run: false,
      fails: false,
      line: `SKIPPED: the tests in containers. ${noDocker}`,
    });
  });

  test.each([noDocker, undefined])('are left out for a reason, wherever', (docker) => {
    for (const ci of [undefined, 'true']) {
      expect(containerRung({ noDocker: docker, skip: 'macOS has no Linux containers', ci })).toEqual({
        run: false,
        fails: false,
        line: 'SKIPPED: the tests in containers. SKIP_R3 says: macOS has no Linux containers',
      });
    }
    expect(skipAsked('macOS has no Linux containers')).toBe(true);
  });

  test.each(['1', 'true', 'yes', 'no', '0'])('are not left out for SKIP_R3=%s, which says no why', (skip) => {
    const rung = containerRung({ noDocker, skip, ci: undefined });
    expect(rung).toMatchObject({
      run: false,
      fails: true,
      line: expect.stringContaining(`SKIP_R3 is "${skip}", which is no reason`) as string,
    });
    expect(skipAsked(skip)).toBe(false);
  });
});
