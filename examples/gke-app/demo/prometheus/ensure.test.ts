import { expect, test } from 'vitest';
import { onPath } from '../../../../tools/redis/machine.ts';
import { ensurePrometheus, type PrometheusProbes } from './ensure.ts';

/** A machine without Prometheus on which nobody may install anything, but for what a test says. */
function machine(change: Partial<PrometheusProbes> = {}): PrometheusProbes {
  return { platform: 'linux', root: false, terminal: false, has: () => false, confirm: async () => false, ...change };
}

async function asked(probes: PrometheusProbes): Promise<{ readonly program: string | undefined; readonly said: string[] }> {
  const said: string[] = [];
  return { program: await ensurePrometheus((line) => said.push(line), probes), said };
}

test('the program on PATH is taken without a word', async () => {
  expect(await asked(machine({ has: (program) => program === 'prometheus' }))).toEqual({ program: onPath('prometheus'), said: [] });
});

test('where it cannot be had, one line says so, how to get it, and that the rest runs', async () => {
  expect(await asked(machine())).toEqual({
    program: undefined,
    said: ['prometheus is missing (see https://prometheus.io/download): no alerts are evaluated; everything else runs'],
  });
});

test('a user at a terminal is asked before anything is installed, with the very command; no is no', async () => {
  const questions: string[] = [];
  const confirm = async (question: string) => (questions.push(question), false);
  const { program, said } = await asked(machine({ terminal: true, has: (program) => ['apt-get', 'sudo'].includes(program), confirm }));
  expect(program).toBeUndefined();
  expect(questions).toEqual(['Prometheus is not installed. Run "sudo apt-get -qq install -y --no-install-recommends prometheus" now?']);
  expect(said[0]).toContain('prometheus is missing (sudo apt-get');
});

test('without a terminal nobody is asked, and nothing is installed with sudo', async () => {
  const confirm = async () => expect.unreachable('nobody is there to answer');
  const { program, said } = await asked(machine({ has: (program) => ['apt-get', 'sudo', 'brew'].includes(program), confirm }));
  expect(program).toBeUndefined();
  expect(said).toHaveLength(1);
});
