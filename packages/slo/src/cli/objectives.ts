import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SloError } from '../errors.ts';
import { defineSlo, type Slo, type SloOptions } from '../objective.ts';
import { fromOpenSlo } from '../openslo/convert.ts';
import { parseOpenSlo } from '../openslo/parse.ts';
import { googleSre, pyrra, type AlertPolicy } from '../policy.ts';
import { list, text, type Arguments } from './command.ts';
import { readText } from './files.ts';

/** The options of each command that reads objectives. */
export const objectiveOptions = { slo: { type: 'string', multiple: true }, policy: { type: 'string' } } as const;

/** How the help of each such command speaks of them. */
export const objectiveHelp = `FILE        objectives: OpenSLO v1 (.yaml, .yml, .json), or a module that exports what defineSlo returned
              (.js, .mjs, and .ts where your Node.js runs it)
  --slo NAME  only the objective of that name, or service/name; may be repeated
  --policy P  alerts for objectives that name none: google-sre or pyrra`;

/** The objectives of the files that were named, those of `--slo` only. */
export async function objectives(given: Arguments): Promise<Slo[]> {
  if (given.positionals.length === 0) throw new SloError('INVALID_OPTION', 'name a file with objectives');
  const all = (await Promise.all(given.positionals.map(fromFile))).flat();
  if (all.length === 0) throw new SloError('INVALID_OPTION', `${given.positionals.join(', ')}: there is no objective in it`);
  const names = list(given, 'slo');
  const policy = policyOf(text(given, 'policy'));
  const known = new Map(all.flatMap((slo) => [[`${slo.service}/${slo.name}`, slo] as const, [slo.name, slo] as const]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const there = all.map(({ service, name }) => `${service}/${name}`).join(', ');
    throw new SloError('INVALID_OPTION', `--slo must be one of ${there}, got ${JSON.stringify(unknown)}`);
  }
  const chosen =
    names.length === 0 ? all : all.filter((slo) => names.some((name) => name === slo.name || name === `${slo.service}/${slo.name}`));
  return chosen.map((slo) => (slo.alerting === undefined && policy !== undefined ? withPolicy(slo, policy(slo)) : slo));
}

/** The policy of that name for an objective. OpenSLO has no word for it, so the command line may say it. */
function policyOf(name: string | undefined): ((slo: Slo) => AlertPolicy) | undefined {
  if (name === undefined) return undefined;
  if (name === 'google-sre') return () => googleSre({ unreachable: 'drop' });
  if (name === 'pyrra') return ({ window }) => pyrra({ period: window.duration });
  throw new SloError('INVALID_OPTION', `--policy must be google-sre or pyrra, got ${JSON.stringify(name)}`);
}

/** Exactly one objective. */
export async function oneObjective(given: Arguments): Promise<Slo> {
  const found = await objectives(given);
  const [only, second] = found;
  if (only === undefined || second !== undefined) {
    throw new SloError(
      'INVALID_OPTION',
      `choose one objective by --slo: ${found.map(({ service, name }) => `${service}/${name}`).join(', ')}`,
    );
  }
  return only;
}

async function fromFile(path: string): Promise<Slo[]> {
  if (/^\.[cm]?[jt]s$/.test(extname(path))) return fromModule(path);
  const document = await readText(path);
  try {
    return [...fromOpenSlo(parseOpenSlo(document))];
  } catch (cause) {
    if (!(cause instanceof SloError)) throw cause;
    const findings = cause.findings.map((finding) => ({ ...finding, path: `${path}: ${finding.path}` }));
    throw new SloError(cause.code, `${path}: ${cause.message}`, { cause, findings });
  }
}

async function fromModule(path: string): Promise<Slo[]> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new SloError('INVALID_OPTION', `${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const values = Object.values(exported).flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
  return [...new Set(values.filter(isSlo))].map(checkedAgain);
}

function isSlo(value: unknown): value is Slo {
  return typeof value === 'object' && value !== null && ['name', 'service', 'objective', 'target', 'window'].every((key) => key in value);
}

/** A module may have made it by hand: it goes through the same door as everything else. */
function checkedAgain({ target: _target, budget: _budget, ...options }: Slo): Slo {
  return defineSlo(options satisfies SloOptions);
}

function withPolicy(slo: Slo, alerting: AlertPolicy): Slo {
  return checkedAgain({ ...slo, alerting });
}
