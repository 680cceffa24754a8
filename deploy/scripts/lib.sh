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
namespace=nines
registry=
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
  if [[ -n $registry ]]; then return; fi
  if [[ $local_cluster == true ]]; then
    registry=kind.local
  else
    need_project
    registry="$region-docker.pkg.dev/$project/sre-portfolio-repo"
  fi
}

# A moving tag cannot be rolled back, and does not say what runs.
need_sha() {
  if [[ -z $sha ]]; then sha=$(git rev-parse HEAD 2>/dev/null) || refuse 'this is not a Git repository, so the image has no tag' 'git clone the repository'; fi
  [[ $sha =~ ^[0-9a-f]{40}$ ]] || refuse "the image tag \"$sha\" is not a commit's full SHA" "deploy/scripts/${SELF##*/} --sha \"\$(git rev-parse HEAD)\""
}

need_docker() {
  need_tool docker 'sudo apt-get install docker.io'
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || refuse 'the Docker daemon does not answer' 'sudo systemctl start docker'
}

need_cluster() {
  need_tool kubectl 'sudo snap install kubectl --classic'
  kubectl get --raw=/readyz --request-timeout=10s >/dev/null 2>&1 ||
    refuse "the cluster of the context \"$(kubectl config current-context 2>/dev/null || echo none)\" cannot be reached" \
      "deploy/scripts/connect --project ${project:-PROJECT_ID}"
}

# What is meant for a cluster of one's own machine must not meet another.
need_kind() {
  local context
  need_tool kubectl 'sudo snap install kubectl --classic'
  context=$(kubectl config current-context 2>/dev/null || true)
  [[ $context == kind-* ]] || refuse "the context \"$context\" is not a kind cluster" 'kubectl config use-context kind-nines'
}

need_crd() {
  kubectl get crd "$1" --request-timeout=10s >/dev/null 2>&1 || refuse "the cluster does not know $1" "$2"
}

need_secret() {
  kubectl --namespace "$namespace" get secret nines --request-timeout=10s >/dev/null 2>&1 ||
    refuse "the Secret nines is not in the namespace $namespace" 'deploy/scripts/secret --destination receiver=https://example.com/hooks'
}
