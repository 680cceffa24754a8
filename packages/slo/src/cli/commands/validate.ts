import { alertsOf } from '../../alerts.ts';
import { generateRules } from '../../prometheus/generate.ts';
import { flag, type Command } from '../command.ts';
import { objectiveHelp, objectiveOptions, objectives } from '../objectives.ts';

/** `nines-slo validate` */
export const validate: Command = {
  name: 'validate',
  summary: 'check objectives: keys, numbers, windows, PromQL, alerts that can fire',
  help: `Usage: nines-slo validate FILE… [--slo NAME] [--json]

Each fault is printed with path and line, and what is allowed.

  ${objectiveHelp}
  --json      the objectives as JSON

Examples:
  nines-slo validate slos/*.yaml
  nines-slo validate objectives.ts --json`,
  options: { ...objectiveOptions, json: { type: 'boolean' } },
  async run(given, terminal) {
    const slos = await objectives(given);
    // What can be measured must also make rules; an objective without a measure is fine for the mathematics.
    generateRules(slos.filter(({ sli }) => sli !== undefined));
    if (flag(given, 'json')) terminal.out(JSON.stringify(slos, undefined, 2));
    else
      for (const slo of slos)
        terminal.out(`${slo.service}/${slo.name}: ${slo.objective} over ${slo.window.duration}, ${alertsOf(slo).length} alerts: fine`);
    return 0;
  },
};
