import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT } from '../../tools/workspace/packages.ts';

/** A repository with `deploy/scripts` in it, and a PATH whose tools only write down what they are asked to do. */
export interface Machine {
  readonly repository: string;
  /** The commit that is checked out. */
  readonly sha: string;
  /** Runs one script. `env` may hold FAIL, a pattern of calls that fail, and HELM, a version. */
  run(script: string, args: string, env?: Readonly<Record<string, string>>): Ran;
  /** The same without docker, kubectl, helm and so on. */
  runWithoutTools(script: string, args: string): Ran;
  remove(): void;
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Every call of a tool, in order. */
  readonly calls: readonly string[];
  /** Those that change something. */
  readonly changes: readonly string[];
  /** What was handed to a tool on its standard input. */
  readonly stdin: string;
}

const TOOLS = 'docker kubectl helm gcloud kind terraform gh gke-gcloud-auth-plugin node syft grype cosign sleep'.split(' ');
/** What a machine has anyway; linked one by one, so that the tools above cannot be found beside them. */
const ORDINARY = 'bash env dirname sed git grep cat openssl base64 jq mkdir mktemp rm tee ssh-keygen tr cp mv'.split(' ');
const CHANGES = new RegExp(
  [
    '^docker (build |push |login )',
    '^kubectl (apply|create|delete|.* (apply|rollout))',
    '^helm (upgrade|rollback|push|registry|test)',
    '^kind load',
    '^terraform .* (init|apply)',
    '^gh (variable|issue|pr)',
    '^cosign (sign|attest)',
    '^gcloud (auth configure|container clusters (get|update))',
    '^deploy/(image|verify)',
  ].join('|'),
);
const SHIM = `#!/usr/bin/env bash
call="SHIM_NAME $*"
printf '%s\\n' "$call" >>"$LOG"
# RELEASE_BEFORE and RELEASE_AFTER are what Helm says of the release before it was asked to upgrade, and after.
release() {
  local now=\${RELEASE_BEFORE:-}
  if grep --quiet '^helm upgrade' "$LOG"; then now=\${RELEASE_AFTER:-}; fi
  [[ -n $now ]] && printf '{"info":{"status":"%s"},"version":%s}' \${now/:/ }
}
if [[ -n \${FAIL:-} && $call =~ $FAIL ]]; then exit 1; fi
case $call in
  'helm status'*) release ;;
  'kubectl get namespace'*) printf '%s' "\${POD_SECURITY-restricted}" ;;
  # Every Secret is there but those that ABSENT names.
  *' get secret '*' --ignore-not-found '*) [[ -n \${ABSENT:-} && $call =~ $ABSENT ]] || printf 'secret/found' ;;
  # What this machine pushed; another image has another digest.
  'docker image inspect --format'*) printf 'elsewhere/x@sha256:%064d here/x@sha256:%064d' 1 "\${BUILT:-7}" ;;
  'helm version'*) printf '%s' "\${HELM:-v3.19.4}" ;;
  'helm template'*) printf 'image: nines-api:%s\n' "\${call##*image.tag=}" ;;
  *' apply --dry-run=server'*)
    if grep --quiet :latest; then
      printf '%s' "\${ANSWER:-the image nines-api:latest may change under its name}"
      exit 1
    fi
    ;;
  'helm show chart'*) [[ -n \${TAKEN:-} ]] || exit 1 ;;
  'helm package'*) cat "$2/values.yaml" >>"$LOG.stdin" ;;
  'helm push'*) printf 'Pushed: x\\nDigest: sha256:%064d\\n' 9 >&2 ;;
  'docker login'* | 'helm registry login'*) cat >>"$LOG.stdin" ;;
  'helm history'*)
    usual='[{"revision":1,"status":"superseded"},{"revision":2,"status":"deployed"}]'
    printf '%s' "\${HISTORY:-$usual}"
    ;;
  'kubectl config current-context') printf 'kind-nines' ;;
  'kind get clusters') printf 'nines\\n' ;;
  'kubectl apply --filename -' | 'kubectl create --filename -' | 'gh variable'* | 'gh issue c'*) cat >>"$LOG.stdin" ;;
  'terraform -chdir=deploy/terraform/bootstrap apply') if [[ -e deploy/terraform/bootstrap/backend_override.tf ]]; then printf 'state' >deploy/terraform/bootstrap/terraform.tfstate; fi ;;
  'terraform '*' state list') printf 'google_storage_bucket.state\\n' ;;
  'terraform '*' plan '*)
    printf 'repository %s' "\${TF_VAR_github_repository_id-by its name}" >>"$LOG.stdin"
    exit "\${PLANNED:-2}"
    ;;
  'terraform '*' show -json tfplan') printf '%s' "\${PLAN_JSON:-null}" ;;
  'gh pr list'*) printf '%s' "\${OPEN:-0}" ;;
  'gh issue list'*) printf '%s' "\${ISSUES:-[]}" ;;
  'terraform '*' output '*) printf '{"GCP_REGION":"asia-south1","NINES_DOMAIN":""}' ;;
  'docker manifest inspect'*) [[ -n \${TAKEN:-} ]] || exit 1 ;;
  'docker buildx imagetools inspect'*) printf '{\\n  "mediaType": "m",\\n  "digest": "sha256:%064d",\\n  "size": 1\\n}' 7 ;;
  'gcloud container clusters describe'*) printf '%s' "\${OTEL_SCOPE:-}" ;;
  'gcloud auth print-access-token') printf 'a-token' ;;
  'gh api '*' --jq .id') printf '%s' "\${NUMBER:-4711}" ;;
  'gh api '*'/commits/'*) printf '%s' "\${SIGNATURE:-true valid}" ;;
esac
`;

export function makeMachine(): Machine {
  const home = mkdtempSync(join(tmpdir(), 'deploy-scripts-'));
  const repository = join(home, 'repository');
  mkdirSync(join(repository, 'deploy/terraform/bootstrap'), { recursive: true });
  cpSync(join(ROOT, 'deploy/chart'), join(repository, 'deploy/chart'), { recursive: true });
  cpSync(join(ROOT, 'deploy/scripts'), join(repository, 'deploy/scripts'), { recursive: true });
  for (const tool of TOOLS) shim(join(home, 'tools'), tool, tool);
  for (const script of ['image', 'verify']) shim(join(repository, 'deploy'), script, `deploy/${script}`);
  mkdirSync(join(home, 'ordinary'));
  for (const tool of ORDINARY) symlinkSync(find(tool), join(home, 'ordinary', tool));
  const git = (...args: string[]): string => gitIn(repository, args);
  git('init', '--quiet');
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message', 'one');
  return {
    repository,
    sha: git('rev-parse', 'HEAD').trim(),
    run: (script, args, env = {}) => execute(home, script, args, ['tools', 'ordinary'], env),
    runWithoutTools: (script, args) => execute(home, script, args, ['ordinary'], {}),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

function shim(folder: string, name: string, called: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, name),
    SHIM.replace('SHIM_NAME', () => called),
  );
  chmodSync(join(folder, name), 0o755);
}

function find(tool: string): string {
  const found = (process.env['PATH'] ?? '').split(delimiter).find((folder) => isExecutable(join(folder, tool)));
  if (found === undefined) throw new Error(`${tool} is not on PATH`);
  return join(found, tool);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function gitIn(cwd: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function execute(home: string, script: string, args: string, tools: readonly string[], env: Readonly<Record<string, string>>): Ran {
  const log = join(home, 'log');
  for (const file of [log, `${log}.stdin`]) writeFileSync(file, '');
  const PATH = tools.map((folder) => join(home, folder)).join(delimiter);
  const { status, stdout, stderr } = spawnSync(
    join(home, 'repository/deploy/scripts', script),
    args.split(' ').filter((arg) => arg !== ''),
    {
      cwd: home,
      encoding: 'utf8',
      env: { PATH, LOG: log, HOME: home, ...env },
    },
  );
  const calls = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  const changes = calls.filter((call) => CHANGES.test(call));
  return { status, stdout, stderr, calls, changes, stdin: readFileSync(`${log}.stdin`, 'utf8') };
}
