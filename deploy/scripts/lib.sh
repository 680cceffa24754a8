# Sourced by every script of this folder: the options they share, and the refusals.
# A refusal is one sentence that names the thing and the command that mends it, exit 2, before anything was changed.

readonly SELF="$(cd "$(dirname "$0")" && pwd)/${0##*/}"
readonly ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$ROOT"

refuse() {
  printf '%s; mend it with: %s\n' "$1" "$2" >&2
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
        [[ $known == *' local '* ]] || refuse "$1 is not an option of ${0##*/}" "${0##*/} --help"
        local_cluster=true
        shift
        continue
        ;;
      --*) name=${1#--} ;;
      *) refuse "$1 is not an option of ${0##*/}" "${0##*/} --help" ;;
    esac
    [[ $known == *" $name "* ]] || refuse "--$name is not an option of ${0##*/}" "${0##*/} --help"
    (($# > 1)) || refuse "--$name has no value" "${0##*/} --help"
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
  [[ -n $project ]] || refuse 'no project id is given' "${0##*/} --project PROJECT_ID (gcloud projects list shows yours)"
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
  [[ $sha =~ ^[0-9a-f]{40}$ ]] || refuse "the image tag \"$sha\" is not a commit's full SHA" "${0##*/} --sha \"\$(git rev-parse HEAD)\""
}

need_docker() {
  need_tool docker 'https://docs.docker.com/engine/install/'
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || refuse 'the Docker daemon does not answer' 'sudo systemctl start docker'
}

need_cluster() {
  need_tool kubectl 'gcloud components install kubectl'
  kubectl get --raw=/readyz --request-timeout=10s >/dev/null 2>&1 ||
    refuse "the cluster of the context \"$(kubectl config current-context 2>/dev/null || echo none)\" cannot be reached" \
      "deploy/scripts/connect --project ${project:-PROJECT_ID}"
}

need_crd() {
  kubectl get crd "$1" --request-timeout=10s >/dev/null 2>&1 || refuse "the cluster does not know $1" "$2"
}

need_secret() {
  kubectl --namespace "$namespace" get secret nines --request-timeout=10s >/dev/null 2>&1 ||
    refuse "the Secret nines is not in the namespace $namespace" 'deploy/scripts/secret --destination mine=https://example.com/hooks'
}
