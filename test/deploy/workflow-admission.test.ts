import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeMachine, type Machine } from './workflow-tools.ts';

/** deploy/scripts/admission, run for real with tools that only write down what they are asked to do; a real cluster is asked by the workflow `kind`. */
describe.skipIf(process.platform === 'win32')('deploy/scripts/admission', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = makeMachine();
  });
  afterAll(() => machine.remove());

  const render = (template: string, registry: string): string =>
    `helm template nines deploy/chart --namespace nines --show-only templates/${template}.yaml --set admission.enabled=true` +
    ` --set-string image.registry=${registry} --set-string image.tag=${machine.sha}`;
  const TRY = 'kubectl --namespace nines apply --dry-run=server --filename -';

  test('applies the policies alone, and tries what must be refused and what must not', () => {
    const { status, calls, stdout } = machine.run('admission', '--local');
    const later = calls.filter((call) => !/readyz|can-i|context/.test(call));
    const [rendered, applied] = [render('admission', 'kind.local'), 'kubectl apply --filename -'];
    // Both ends of a pipe start together.
    expect(later.slice(0, 2).sort()).toEqual([rendered, applied].sort());
    expect(later.slice(2)).toEqual([render('api', 'kind.local'), TRY, TRY]);
    expect(stdout).toContain(`the cluster refuses kind.local/nines-api:latest, and takes the same of commit ${machine.sha}`);
    expect(status).toBe(0);
  });

  test('says so when the cluster takes a tag that moves, or refuses it for something else', () => {
    const { status, stderr, calls } = machine.run('admission', '--local', { ANSWER: 'no such namespace' });
    expect(stderr).toContain('does not refuse kind.local/nines-api:latest for its tag; it says:\nno such namespace\n');
    expect(calls.filter((call) => call === TRY)).toHaveLength(30);
    expect(status).toBe(1);
  });

  test('changes nothing for somebody who may not', () => {
    const { status, stderr, changes } = machine.run('admission', '--project nines-example-1', { FAIL: 'can-i create' });
    expect(stderr).toContain(
      'you may not create policies of the cluster. Run this, then try again:\n  gcloud projects add-iam-policy-binding',
    );
    expect([status, changes]).toEqual([2, []]);
  });
});
