import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace/packages.ts';

/** What to render the chart with. */
export interface TemplateOptions {
  readonly namespace?: string;
  /** Files of values, relative to the chart, in order. */
  readonly values?: readonly string[];
  /** `path.to.key=value`, in order. */
  readonly set?: readonly string[];
  /** What the cluster would know: `group/version/Kind`. */
  readonly apiVersions?: readonly string[];
  /** The Namespace of the release, in a file, for a chart that looks for it; only the stand-in reads it, for `helm template` meets no cluster. */
  readonly namespaceFile?: string;
}

export type Rendered = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/** Something that renders the chart as Helm does. */
export interface Helm {
  /** What it is, for a report. */
  readonly about: string;
  /** Whether it can be told what a cluster has. */
  readonly looksUp: boolean;
  template(options?: TemplateOptions): Rendered;
}

export const CHART: string = join(ROOT, 'deploy', 'chart');

/** The oldest version that the chart takes: Helm alone would ask with the version that it was built with. */
const KUBERNETES = 'v1.30.0';

/** What a cluster of Google Kubernetes Engine knows besides Kubernetes itself. */
export const GKE_APIS: readonly string[] = [
  'gateway.networking.k8s.io/v1/Gateway',
  'networking.gke.io/v1/HealthCheckPolicy',
  'monitoring.googleapis.com/v1/PodMonitoring',
  'telemetry.googleapis.com/v1alpha1/Instrumentation',
];

/** Helm where it is on the path, else its stand-in, built with Debian's Go libraries; undefined where there is neither. */
export function findHelm(): Helm | undefined {
  const version = firstLine('helm', ['version', '--short']);
  if (version !== undefined) return helm('helm', `helm ${version}`, false);
  const standIn = buildStandIn();
  return standIn === undefined ? undefined : helm(standIn, 'the stand-in tools/offline/helm', true);
}

function helm(command: string, about: string, looksUp: boolean): Helm {
  return {
    about,
    looksUp,
    template({ namespace = 'nines', values = [], set = [], apiVersions = [], namespaceFile = '' } = {}) {
      const repeat = (flag: string, all: readonly string[]) => all.flatMap((each) => [flag, each]);
      const files = values.map((file) => join(CHART, file));
      const options = ['--namespace', namespace, '--kube-version', KUBERNETES];
      const args = [...options, ...repeat('--values', files), ...repeat('--set', set), ...repeat('--api-versions', apiVersions)];
      const { status, stdout, stderr } = spawnSync(command, ['template', 'nines', CHART, ...args], {
        encoding: 'utf8',
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, [`HELM_LOOKUP_Namespace_${namespace}`]: namespaceFile },
      });
      return status === 0 ? { ok: true, text: stdout } : { ok: false, message: stderr.trim() };
    },
  };
}

const SOURCES = ['main.go', 'values.go', 'files.go'].map((file) => join(ROOT, 'tools', 'offline', 'helm', file));
/** Where Debian puts libraries of Go, and those that are needed. */
const GO_PATH = '/usr/share/gocode';
const LIBRARIES = ['Masterminds/sprig', 'ghodss/yaml', 'xeipuuv/gojsonschema'];

/** Built once for each version of its source. */
function buildStandIn(): string | undefined {
  const go = firstLine('go', ['version']);
  const complete = LIBRARIES.every((library) => existsSync(join(GO_PATH, 'src', 'github.com', library)));
  if (go === undefined || !complete) return undefined;
  const folder = join(ROOT, 'node_modules', '.cache', 'nines');
  const hash = createHash('sha256').update(go);
  for (const source of SOURCES) hash.update(readFileSync(source));
  const binary = join(folder, `helm-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const fresh = `${binary}.${process.pid}`;
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOFLAGS: '', GOCACHE: join(folder, 'go') };
  execFileSync('go', ['build', '-o', fresh, ...SOURCES], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  renameSync(fresh, binary);
  return binary;
}

function firstLine(command: string, args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n', 1)[0] : undefined;
}
