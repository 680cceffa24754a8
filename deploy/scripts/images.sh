# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after lib.sh by the scripts that list, push, sign and verify images: their digests, and who may have signed them.

# syft and grype read settings from the folder that they run in; with those a commit could leave out whatever it likes.
need_no_settings() {
  local file
  for file in ".$1" ".$1".*; do
    [[ ! -e $file ]] || refuse "$file would tell $1 what to leave out, and only deploy/scan-exceptions.yaml may" "git rm -r $file"
  done
}

need_cosign() {
  need_tool cosign 'go install github.com/sigstore/cosign/v3/cmd/cosign@v3.0.6'
}

# Docker, and cosign by way of Docker's settings, ask gcloud for the way into the project's registry.
login_docker() {
  need_tool gcloud 'sudo snap install google-cloud-cli --classic'
  gcloud auth configure-docker "$region-docker.pkg.dev" --quiet
}

# The digest of an image in a registry. A tag can be another image tomorrow where tags may move; its digest cannot.
digest_of() {
  local manifest
  manifest=$(docker buildx imagetools inspect "$1" --format '{{json .Manifest}}' 2>/dev/null) || return 1
  [[ $manifest =~ \"digest\":\ *\"(sha256:[0-9a-f]{64})\" ]] && printf '%s' "${BASH_REMATCH[1]}"
}

find_digest() {
  digest=$(digest_of "$registry/nines-$1:$sha") ||
    refuse "the image $registry/nines-$1:$sha is not in the registry" "deploy/scripts/push-images$(where_to) --sha $sha"
}

# Sets digest to what NINES_API_DIGEST or NINES_WORKER_DIGEST says; fails where there is no such variable. One that is there and empty is of
# a job that lost it: the tag must not stand in for it.
given_digest() {
  local name
  name=NINES_$(tr '[:lower:]' '[:upper:]' <<<"$1")_DIGEST
  [[ -n ${!name+given} ]] || return 1
  digest=${!name}
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || refuse "\"$digest\" is not the digest of nines-$1" "deploy/scripts/push-images$(where_to) --sha $sha"
}

# How to sign. In a workflow without a key: the public log then tells which workflow signed what, and when. With a key nothing is written
# there: whoever has a key of their own may well have a registry and names that are nobody's business.
sign_options() {
  sign=(--yes)
  if [[ -n $key ]]; then sign+=(--key "$key" --signing-config deploy/scripts/cosign/no-log.json); fi
}

# Who may have signed: the holder of --key, or the workflows of this repository that build images, on its main branch only and for this
# commit: else an older image of ours could be put under the tag of a newer one, with all that was mended since.
signer() {
  if [[ -n $key ]]; then
    # a key pair in two files; one in a key service is one name. There is no entry in a log, see above.
    who=(--key "${key/%.key/.pub}" --insecure-ignore-tlog)
  else
    who=(--certificate-oidc-issuer https://token.actions.githubusercontent.com
      --certificate-identity-regexp "^https://github\\.com/${github//./\\.}/\\.github/workflows/(deploy|release)\\.yml@refs/heads/main\$"
      --certificate-github-workflow-sha "$sha")
  fi
}

verify_signature() {
  signer
  cosign verify "${who[@]}" "$1"
}

verify_attestation() {
  signer
  cosign verify-attestation --type cyclonedx "${who[@]}" "$1"
}
