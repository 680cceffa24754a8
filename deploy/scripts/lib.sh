# shellcheck shell=bash disable=SC2034
# Sourced by every script of this folder: the options they share, and the refusals.
# A refusal is one sentence that names the thing, and below it the command that mends it; exit 2, before anything was changed.

SELF=$(cd "$(dirname "$0")" && pwd)/${0##*/}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly SELF ROOT
cd "$ROOT" || exit 2

refuse() {
  printf 'deploy/scripts/%s: %s. Run this, then try again:\n  %s\n' "${SELF##*/}" "$1" "$2" >&2
  exit 2
}

# The comment at the head of the script is its manual.
manual() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$SELF"
}

# parse_options "project region" "$@": sets each option of that list from --name VALUE, and no other.
parse_options() {
  local known=" $1 " name
  shift
  given=("$@")
  while (($# > 0)); do
    case $1 in
      --help | -h)
        manual
        exit 0
        ;;
      --local)
        [[ $known == *' local '* ]] || refuse "$1 is not an option of this script" "deploy/scripts/${SELF##*/} --help"
        local_cluster=true
        shift
        continue
        ;;
      --*) name=${1#--} ;;
      *) refuse "$1 is not an option of this script" "deploy/scripts/${SELF##*/} --help" ;;
    esac
    [[ $known == *" $name "* ]] || refuse "--$name is not an option of this script" "deploy/scripts/${SELF##*/} --help"
    (($# > 1)) || refuse "--$name has no value" "deploy/scripts/${SELF##*/} --help"
    printf -v "${name//-/_}" '%s' "$2"
    shift 2
  done
}

# What is not said is what the workflow's variables say, or what deploy/terraform calls it.
project=${GCP_PROJECT_ID:-}
region=${GCP_REGION:-asia-south1}
cluster=${GKE_CLUSTER:-sre-platform}
domain=${NINES_DOMAIN:-}
github=
key=
billing_account=${NINES_BILLING_ACCOUNT:-}
state_bucket=${NINES_STATE_BUCKET:-}
namespace=nines
registry=${NINES_REGISTRY:-}
sha=
local_cluster=false

need_tool() {
  command -v "$1" >/dev/null 2>&1 || refuse "$1 is not on PATH" "$2"
}

need_project() {
  [[ -n $project ]] || refuse 'no project id is given' "deploy/scripts/${SELF##*/} --project PROJECT_ID"
  [[ $project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || refuse "\"$project\" is not a project id" 'gcloud projects list'
}

# Of the chart on one's own machine, of --registry, or of the project; called after need_project where a project is needed.
resolve_registry() {
  if [[ -n $registry ]]; then
    # A repository's name may have capitals, and the name of an image none.
    registry=$(tr '[:upper:]' '[:lower:]' <<<"$registry")
    [[ $registry =~ ^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*$ ]] || refuse "\"$registry\" is not a registry as HOST/PATH" "deploy/scripts/${SELF##*/} --registry ghcr.io/OWNER/NAME"
    return
  fi
  if [[ $local_cluster == true ]]; then
    registry=kind.local
  else
    need_project
    registry="$region-docker.pkg.dev/$project/sre-portfolio-repo"
  fi
}

# The call as it was made, but for --sha.
call_without_sha() {
  local at
  printf 'deploy/scripts/%s' "${SELF##*/}"
  for ((at = 0; at < ${#given[@]}; at += 1)); do
    if [[ ${given[at]} == --sha ]]; then at=$((at + 1)); else printf ' %q' "${given[at]}"; fi
  done
}

# A moving tag cannot be rolled back, and does not say what runs.
need_sha() {
  if [[ -z $sha ]]; then sha=$(git rev-parse HEAD 2>/dev/null) || refuse 'this is not a Git repository, so the image has no tag' 'git clone the repository'; fi
  [[ $sha =~ ^[0-9a-f]{40}$ ]] || refuse "the image tag \"$sha\" is not a commit's full SHA" "$(call_without_sha) --sha \"\$(git rev-parse HEAD)\""
}

need_docker() {
  need_tool docker 'sudo apt-get install docker.io'
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || refuse 'the Docker daemon does not answer' 'sudo systemctl start docker'
}

# It reads digests; without it every image would look as if it were not in the registry.
need_buildx() {
  docker buildx version >/dev/null 2>&1 || refuse 'Docker has no buildx' 'sudo apt-get install docker-buildx'
}

need_images_here() {
  for target in api worker; do
    docker image inspect "$registry/nines-$target:$sha" >/dev/null 2>&1 ||
      refuse "the image $registry/nines-$target:$sha is not on this machine" "deploy/scripts/build-images$(where_to)"
  done
}

# How another script is told what this one was told.
where_to() {
  if [[ $local_cluster == true ]]; then
    printf ' --local'
  elif [[ -n $project ]]; then
    printf ' --project %s --region %s' "$project" "$region"
  else
    printf ' --registry %s' "$registry"
  fi
}

# The repository's own programs need the Node.js that npm ci puts into node_modules, or another that runs TypeScript.
need_node() {
  PATH="$ROOT/node_modules/.bin:$PATH"
  node -e 'process.exit(process.features.typescript ? 0 : 1)' 2>/dev/null || refuse 'there is no Node.js 22.18 or newer' 'npm ci'
}

need_github() {
  [[ $github =~ ^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$ ]] || refuse "\"$github\" is not a repository as OWNER/NAME" "deploy/scripts/${SELF##*/}${project:+ --project $project} --github OWNER/NAME"
}

# The number of the repository, which a job of GitHub knows; elsewhere GitHub is asked.
repository_id() {
  if [[ ${GITHUB_REPOSITORY:-} == "$github" && -n ${GITHUB_REPOSITORY_ID:-} ]]; then
    printf '%s' "$GITHUB_REPOSITORY_ID"
    return
  fi
  local number
  # Where there is no such repository it prints what GitHub answered.
  if number=$(gh api "repos/$github" --jq .id 2>/dev/null) && [[ $number =~ ^[0-9]+$ ]]; then
    printf '%s' "$number"
  else
    printf 'deploy/scripts/%s: gh does not say the number of %s, so its name alone is let in. Once it is there: gh auth login\n' "${SELF##*/}" "$github" >&2
  fi
}

# What was said here, as Terraform reads it. More is for a file of one's own, deploy/terraform/main/NAME.auto.tfvars.
terraform_variables() {
  state_bucket=${state_bucket:-$project-terraform-state}
  export TF_VAR_project_id=$project TF_VAR_region=$region TF_VAR_github_repository=$github TF_VAR_state_bucket=$state_bucket
  local number
  number=$(repository_id)
  if [[ -n $number ]]; then export TF_VAR_github_repository_id=$number; fi
  if [[ -n $domain ]]; then export TF_VAR_domain=$domain; fi
  if [[ -n $billing_account ]]; then export TF_VAR_billing_account=$billing_account; fi
}

init_main() {
  terraform -chdir=deploy/terraform/main init -input=false -reconfigure "-backend-config=bucket=$state_bucket" -backend-config=prefix=main
}

# Writes the plan of main to a file, and sets changed, summary (each address with what happens to it) and changes, a hash of all of it:
# two plans with the same hash do the same. Values may be secret, so they are in the hash only.
plan_main() {
  local status=0 resources
  terraform -chdir=deploy/terraform/main plan -input=false -no-color -detailed-exitcode -out=tfplan "$@" || status=$?
  ((status == 0 || status == 2)) || exit 1
  resources=$(terraform -chdir=deploy/terraform/main show -json tfplan |
    jq -cS '[.resource_changes[]? | select(.change.actions != ["no-op"]) | {address, change: (.change | {actions, before, after, after_unknown})}]')
  changed=$([[ $status == 2 ]] && echo true || echo false)
  summary=$(jq -r 'map("\(.change.actions | join(" and ")) \(.address)") | join("; ")' <<<"$resources")
  changes=$(openssl dgst -sha256 <<<"$resources")
  changes=${changes##* }
}

readonly KIND_CREATE='kind create cluster --name nines --config deploy/scripts/kind/cluster.yaml'

need_cluster() {
  local mend="deploy/scripts/connect --project ${project:-PROJECT_ID}"
  if [[ $local_cluster == true ]]; then mend=$KIND_CREATE; fi
  need_tool kubectl 'sudo snap install kubectl --classic'
  kubectl get --raw=/readyz --request-timeout=10s >/dev/null 2>&1 ||
    refuse "the cluster of the context \"$(kubectl config current-context 2>/dev/null || echo none)\" cannot be reached" "$mend"
}

# What is meant for a cluster of one's own machine must not meet another.
need_kind() {
  local context
  need_tool kubectl 'sudo snap install kubectl --classic'
  context=$(kubectl config current-context 2>/dev/null || true)
  [[ $context == kind-* ]] && return
  kubectl config get-contexts kind-nines >/dev/null 2>&1 || refuse 'there is no kind cluster "nines"' "$KIND_CREATE"
  refuse "the context \"$context\" is not a kind cluster" 'kubectl config use-context kind-nines'
}

need_crd() {
  kubectl get crd "$1" --request-timeout=10s >/dev/null 2>&1 || refuse "the cluster does not know $1" "$2"
}

# What these pods keep to, every pod of their namespace must: one that does not could read what they are given.
need_restricted() {
  local label
  label=$(kubectl get namespace "$namespace" --request-timeout=10s --output 'jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}') ||
    refuse "there is no namespace $namespace" "deploy/scripts/secret --namespace $namespace --destination receiver=https://example.com/hooks"
  [[ $label == restricted ]] ||
    refuse "the namespace $namespace does not enforce Pod Security \"restricted\", but \"${label:-nothing}\"" \
      "kubectl label namespace $namespace --overwrite pod-security.kubernetes.io/enforce=restricted"
}

need_secret() {
  local secret
  for secret in "$@"; do
    kubectl --namespace "$namespace" get secret "$secret" --request-timeout=10s >/dev/null 2>&1 ||
      refuse "the Secret $secret is not in the namespace $namespace" "deploy/scripts/secret --namespace $namespace --destination receiver=https://example.com/hooks"
  done
}

# A file's name as it was given: this file has changed the folder since.
from_where_it_was_called() {
  if [[ $1 == /* ]]; then printf '%s' "$1"; else printf '%s/%s' "${OLDPWD:-$PWD}" "$1"; fi
}

# A command in the pod of the chart's Redis.
in_redis() {
  kubectl --namespace "$namespace" exec nines-redis-0 --container redis -- "$@" </dev/null
}

# The same, which reads what this one reads.
into_redis() {
  kubectl --namespace "$namespace" exec --stdin nines-redis-0 --container redis -- "$@"
}

of_deployment() {
  kubectl --namespace "$namespace" get "deployment/$1" --output "jsonpath=$2"
}

# As the user operator, where the chart has given Redis users; the password stays in the pod.
redis_says() {
  in_redis sh -c '
    if [ -n "${OPERATOR_PASSWORD:-}" ]; then export REDISCLI_AUTH="$OPERATOR_PASSWORD"; set -- --user operator --no-auth-warning "$@"; fi
    exec redis-cli -e "$@"
  ' sh "$@" | tr -d '\r'
}

# Where the chart's Redis keeps its log. NINES_REDIS_DATA: another folder of the same shape, for tests.
redis_dir=${NINES_REDIS_DATA:-/data}
redis_log=$redis_dir/appendonlydir
log_manifest=appendonly.aof.manifest

need_redis() {
  kubectl --namespace "$namespace" get statefulset nines-redis --request-timeout=10s >/dev/null 2>&1 ||
    refuse "the chart runs no Redis in the namespace $namespace" 'gcloud redis instances export --help'
  in_redis test -e "$redis_log/$log_manifest" ||
    refuse "Redis has no log in $redis_log, so it is older than 7 or keeps none" "kubectl --namespace $namespace logs nines-redis-0"
}

# The name of the file that the log begins with: all that Redis held when it last rewrote it, in the form of a snapshot.
log_base() {
  in_redis sed -n 's/^file \(.*\) seq .* type b$/\1/p' "$redis_log/$log_manifest"
}

keys_in_redis() {
  local said keys=0
  said=$(redis_says info keyspace) || return 1
  while [[ $said =~ keys=([0-9]+)(.*) ]]; do
    keys=$((keys + BASH_REMATCH[1]))
    said=${BASH_REMATCH[2]}
  done
  printf '%s' "$keys"
}

# Sets how many keys are in a copy, and how many of them may be gone after their time, as Redis's own program finds them.
# Fails where the copy is not whole: its checksum is the last thing in it.
read_copy() {
  local said
  said=$(into_redis redis-check-rdb /dev/stdin <"$1") || return 1
  [[ $said == *'Checksum OK'* && $said =~ ([0-9]+)\ keys\ read.*\ ([0-9]+)\ expires ]] || return 1
  keys=${BASH_REMATCH[1]}
  expiring=${BASH_REMATCH[2]}
}
