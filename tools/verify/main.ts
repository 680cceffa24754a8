import { parseArgs } from 'node:util';
import { connectCluster } from './cluster.ts';
import { localTarget, startDemo } from './local.ts';
import type { Signals } from './signals.ts';
import { cloudTraces, jaegerTraces, managedSeries, needGoogleToken, prometheusSeries } from './sources.ts';
import { tableOf } from './table.ts';
import { CannotVerify, type Target } from './target.ts';
import { verify } from './verify.ts';

const HELP = `Usage: deploy/verify [options]

Verifies a deployment by what it does: waits until all pods are Ready, sends one event, follows it to its delivery, and finds
its one trace id in the logs of api and worker, then its trace and its series where both are kept. Asks the cluster of kubectl's current context (KUBECONFIG counts).

  --namespace NAME     where it is deployed (default nines)
  --destination NAME   whom the event goes to (default: receiver, or the only one there is)
  --timeout SECONDS    how long to wait for the pods, and at most for the rest, 1 to 3600 (default 300)
  --project ID         look for the trace in Cloud Trace and for the series in Managed Prometheus, as the account of gcloud
  --traces URL         look for the trace there: anything with the query API of Jaeger
  --prometheus URL     look for the series there; its bearer token comes from PROMETHEUS_TOKEN, if there is one
  --json               print the result as one JSON line; progress goes to standard error
  --local              verify the processes of the demo instead: starts npm run demo, ends it afterwards
  --describe FILE      with --local: verify the demo that runs already as npm run demo -- --describe FILE
  --help               this text

Without an address the trace and the series are not asked for, which is said and is no failure; --local knows the demo's own.
API_KEY is the key of a caller, for an api that wants one; without it, the one in the Secret nines-api-key of the cluster.

Exit status: 0 all is well, 1 something is not, 2 wrong use.`;

interface Options {
  readonly namespace: string;
  readonly destination: string | undefined;
  readonly timeoutMs: number;
  readonly project: string | undefined;
  readonly traces: string | undefined;
  readonly prometheus: string | undefined;
  readonly json: boolean;
  readonly local: boolean;
  readonly describe: string | undefined;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      namespace: { type: 'string', default: 'nines' },
      destination: { type: 'string' },
      timeout: { type: 'string', default: '300' },
      project: { type: 'string' },
      traces: { type: 'string' },
      prometheus: { type: 'string' },
      json: { type: 'boolean', default: false },
      local: { type: 'boolean', default: false },
      describe: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const seconds = /^\d{1,4}$/.test(values.timeout) ? Number(values.timeout) : 0;
  if (seconds < 1 || seconds > 3600) throw new Error(`--timeout must be a whole number from 1 to 3600, got ${values.timeout}`);
  if (!/^[a-z\d]([-a-z\d]{0,61}[a-z\d])?$/.test(values.namespace))
    throw new Error(`--namespace must be a name of Kubernetes, got ${values.namespace}`);
  if (values.describe !== undefined && !values.local) throw new Error('--describe goes with --local');
  const { namespace, destination, project, traces, prometheus, json, local, describe } = values;
  if (project !== undefined && !/^[a-z][a-z\d-]{4,28}[a-z\d]$/.test(project))
    throw new Error(`--project must be the id of a Google Cloud project, got ${project}`);
  if (project !== undefined && local) throw new Error('--project goes with a cluster, not with --local');
  for (const [name, url] of Object.entries({ traces, prometheus }))
    if (url !== undefined && !/^https?:\/\/\S+$/.test(url)) throw new Error(`--${name} must be a URL with http or https, got ${url}`);
  return { namespace, destination, project, traces, prometheus, json, local, describe, timeoutMs: seconds * 1000 };
}

const NOBODY_SAID = (option: string) => `nobody said where: ${option} URL, or --project ID on Google Cloud`;

/** What was named wins over what the target knows. */
async function signalsOf({ traces, prometheus, project, namespace }: Options, { tracesUrl, prometheusUrl }: Target): Promise<Signals> {
  if (project !== undefined && (traces === undefined || prometheus === undefined)) await needGoogleToken();
  const [tracesAt, prometheusAt] = [traces ?? tracesUrl, prometheus ?? prometheusUrl];
  const find = tracesAt === undefined ? project && cloudTraces(project) : jaegerTraces(tracesAt);
  const count = prometheusAt === undefined ? project && managedSeries(project, namespace) : prometheusSeries(prometheusAt);
  return {
    traces: find ? { ask: find } : { notAsked: NOBODY_SAID('--traces') },
    series: count ? { ask: count } : { notAsked: NOBODY_SAID('--prometheus') },
  };
}

/** The target, and how to let it go. */
async function targetOf({ local, describe, namespace }: Options): Promise<{ readonly target: Target; readonly done: () => Promise<void> }> {
  if (!local) return { target: await connectCluster(namespace), done: async () => {} };
  if (describe !== undefined) return { target: localTarget(describe), done: async () => {} };
  const demo = await startDemo();
  return { target: localTarget(demo.file), done: () => demo.stop() };
}

async function run(options: Options): Promise<boolean> {
  const say = (line: string) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const { target, done } = await targetOf(options);
  try {
    const rows = await verify(target, { ...options, signals: await signalsOf(options, target), say });
    const ok = rows.every(({ outcome }) => outcome === 'ok' || outcome === 'not asked');
    if (options.json) process.stdout.write(`${JSON.stringify({ ok, rows })}\n`);
    else say(`\n${tableOf(rows).join('\n')}`);
    return ok;
  } finally {
    await done();
  }
}

async function main(): Promise<number> {
  let options: Options | undefined;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  try {
    return (await run(options)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CannotVerify)) throw error;
    console.error(`deploy/verify: ${error.message}. Run this, then try again:\n  ${error.command}`);
    return 1;
  }
}

process.exitCode = await main();
