import { join } from 'node:path';
import { errorBudgetDashboard } from '../../grafana/error-budget.ts';
import { generateRules } from '../../prometheus/generate.ts';
import { flag, required, text, type Command } from '../command.ts';
import { writeFiles } from '../files.ts';
import { objectiveHelp, objectiveOptions, objectives } from '../objectives.ts';

/** `nines-slo generate` */
export const generate: Command = {
  name: 'generate',
  summary: 'write rules with their promtool tests, and a dashboard',
  help: `Usage: nines-slo generate FILE… --out FOLDER [options]

Writes all files or none.

  ${objectiveHelp}
  --out FOLDER       where the files go
  --target TARGET    prometheus (default), operator, gmp
  --kind KIND        of gmp: Rules (default), ClusterRules, GlobalRules
  --layout LAYOUT    robust (default), sloth
  --namespace NAME   of the Kubernetes objects
  --dashboard        also error-budgets.json for Grafana
  --json             the list of files as JSON

Examples:
  nines-slo generate slos.yaml --out rules
  nines-slo generate slos.yaml --out deploy/gmp --target gmp --namespace shop`,
  options: {
    ...objectiveOptions,
    out: { type: 'string' },
    target: { type: 'string' },
    kind: { type: 'string' },
    layout: { type: 'string' },
    namespace: { type: 'string' },
    dashboard: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run(given, terminal) {
    const out = required(given, 'out');
    const slos = await objectives(given);
    const names = ['target', 'kind', 'layout', 'namespace'] as const;
    const options = Object.fromEntries(names.flatMap((name) => (text(given, name) === undefined ? [] : [[name, text(given, name)]])));
    const files = [...generateRules(slos, options)];
    if (flag(given, 'dashboard')) {
      files.push({ path: 'error-budgets.json', text: `${JSON.stringify(errorBudgetDashboard(slos), undefined, 2)}\n` });
    }
    const written = files.map((file) => ({ path: join(out, file.path), text: file.text }));
    await writeFiles(written);
    if (flag(given, 'json')) terminal.out(JSON.stringify(written.map(({ path }) => path)));
    else for (const { path } of written) terminal.out(path);
    return 0;
  },
};
