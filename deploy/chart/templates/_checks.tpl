{{/* What a schema cannot say, or cannot say with the command that mends it. Every other template relies on these. */}}
{{- define "nines.checks" -}}
{{- include "nines.admissionChecks" . -}}
{{- if not .Values.image.kustomize -}}
  {{- if not (regexMatch "^[0-9a-f]{40}$" .Values.image.tag) -}}
    {{- fail (printf "image.tag must be the 40 hexadecimal digits of the commit that the images were built from, got %q: --set image.tag=$(git rev-parse HEAD)" .Values.image.tag) -}}
  {{- end -}}
  {{- $registry := .Values.image.registry -}}
  {{- if and .Values.gke.enabled (not $registry) -}}
    {{- fail "image.registry is empty, and Google Kubernetes Engine can only pull from a registry: --set image.registry=REGION-docker.pkg.dev/PROJECT_ID/sre-portfolio-repo" -}}
  {{- end -}}
  {{- if and (contains "docker.pkg.dev" $registry) (not (regexMatch "^[a-z0-9-]+-docker[.]pkg[.]dev/[a-z][a-z0-9-]{4,28}[a-z0-9](/[a-z0-9._-]+)+$" $registry)) -}}
    {{- fail (printf "image.registry must be REGION-docker.pkg.dev/PROJECT_ID/REPOSITORY, got %q; the project id is what this prints: gcloud config get-value project" $registry) -}}
  {{- end -}}
  {{- if and $registry (not (regexMatch "^[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)*$" $registry)) -}}
    {{- fail (printf "image.registry must be host and path, without scheme, tag and closing slash, got %q: --set image.registry=REGION-docker.pkg.dev/PROJECT_ID/sre-portfolio-repo" $registry) -}}
  {{- end -}}
{{- end -}}
{{- include "nines.checkNamespace" . -}}
{{- if and (not .Values.redis.enabled) (not .Values.redis.urlSecret.name) -}}
  {{- fail "redis.enabled is false and redis.urlSecret.name is empty: kubectl create secret generic redis-url --from-literal=REDIS_URL=rediss://HOST:6379, then --set redis.urlSecret.name=redis-url" -}}
{{- end -}}
{{- if and .Values.redis.enabled .Values.redis.ca.configMap -}}
  {{- fail (printf "redis.ca.configMap is %q, and the chart's own Redis has no certificate: --set redis.enabled=false, or --set redis.ca.configMap=" .Values.redis.ca.configMap) -}}
{{- end -}}
{{- if and (not .Values.redis.enabled) .Values.networkPolicy.enabled (not .Values.networkPolicy.externalRedis.cidr) -}}
  {{- fail "redis.enabled is false, so the network policies must know where Redis is: --set networkPolicy.externalRedis.cidr=10.0.0.3/32" -}}
{{- end -}}
{{- include "nines.checkTimes" . -}}
{{- include "nines.checkDisk" . -}}
{{- include "nines.signalsChecks" . -}}
{{- include "nines.checkAutoscaling" (dict "name" "api" "of" .Values.api.autoscaling) -}}
{{- include "nines.checkAutoscaling" (dict "name" "worker" "of" .Values.worker.autoscaling) -}}
{{- $concurrency := int (default 16 .Values.settings.CONCURRENCY) -}}
{{- if and .Values.worker.autoscaling.enabled (gt (int .Values.worker.autoscaling.targetBacklog) $concurrency) -}}
  {{- fail (printf "worker.autoscaling.targetBacklog must be at most the %d jobs that a worker has in hand at a time (settings.CONCURRENCY), got %d: workers that are busy would be taken away; --set worker.autoscaling.targetBacklog=%d" $concurrency (int .Values.worker.autoscaling.targetBacklog) $concurrency) -}}
{{- end -}}
{{- if and .Values.worker.autoscaling.enabled (eq .Values.worker.autoscaling.metrics "stackdriver-adapter") (not .Values.gke.monitoring.enabled) -}}
  {{- fail "worker.autoscaling.metrics is stackdriver-adapter and gke.monitoring.enabled is false, so nothing would collect the backlog: --set gke.monitoring.enabled=true, or --set worker.autoscaling.enabled=false" -}}
{{- end -}}
{{- if .Values.gke.enabled -}}
  {{- if .Values.gke.gateway.enabled -}}
    {{- include "nines.needs" (dict "root" . "api" "gateway.networking.k8s.io/v1/Gateway" "mend" "gcloud container clusters update CLUSTER --location REGION --gateway-api=standard, or --set gke.gateway.enabled=false") -}}
    {{- include "nines.needs" (dict "root" . "api" "networking.gke.io/v1/HealthCheckPolicy" "mend" "gcloud container clusters update CLUSTER --location REGION --gateway-api=standard, or --set gke.gateway.enabled=false") -}}
  {{- end -}}
  {{- if .Values.gke.monitoring.enabled -}}
    {{- include "nines.needs" (dict "root" . "api" "monitoring.googleapis.com/v1/PodMonitoring" "mend" "gcloud container clusters update CLUSTER --location REGION --enable-managed-prometheus, or --set gke.monitoring.enabled=false") -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{- define "nines.needs" -}}
{{- if not (.root.Capabilities.APIVersions.Has .api) -}}
  {{- fail (printf "the cluster does not know %s: %s (rendering without a cluster: --api-versions %s)" .api .mend .api) -}}
{{- end -}}
{{- end }}

{{- define "nines.checkAutoscaling" -}}
{{- if and .of.enabled (gt (int .of.minReplicas) (int .of.maxReplicas)) -}}
  {{- fail (printf "%s.autoscaling.minReplicas must be at most maxReplicas, %d, got %d: --set %s.autoscaling.minReplicas=%d" .name (int .of.maxReplicas) (int .of.minReplicas) .name (int .of.maxReplicas)) -}}
{{- end -}}
{{- end }}

{{/* Only where a cluster is met: without one, lookup finds nothing. A namespace that is not there yet is made by whoever runs Helm. */}}
{{- define "nines.checkNamespace" -}}
{{- $namespace := lookup "v1" "Namespace" "" .Release.Namespace -}}
{{- if $namespace -}}
  {{- $enforced := index (default (dict) $namespace.metadata.labels) "pod-security.kubernetes.io/enforce" | default "nothing" -}}
  {{- if ne $enforced "restricted" -}}
    {{- fail (printf "the namespace %s must enforce Pod Security \"restricted\", and enforces %q: kubectl label namespace %s --overwrite pod-security.kubernetes.io/enforce=restricted" .Release.Namespace $enforced .Release.Namespace) -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* The processes give themselves up to 25 s (api) and 14 s (worker); what is not done by the end of the grace period is killed. */}}
{{- define "nines.checkTimes" -}}
{{- $grace := int .Values.worker.terminationGracePeriodSeconds -}}
{{- if and .Values.worker.spot (gt $grace 25) -}}
  {{- fail (printf "worker.terminationGracePeriodSeconds must be at most 25 on Spot, got %d: --set worker.terminationGracePeriodSeconds=25" $grace) -}}
{{- end -}}
{{- if lt $grace 15 -}}
  {{- fail (printf "worker.terminationGracePeriodSeconds must be at least 15, because a worker takes up to 14 s to hand back what it has, got %d: --set worker.terminationGracePeriodSeconds=15" $grace) -}}
{{- end -}}
{{- $least := add 25 (int .Values.api.preStopSleepSeconds) -}}
{{- if lt (int .Values.api.terminationGracePeriodSeconds) (int $least) -}}
  {{- fail (printf "api.terminationGracePeriodSeconds must be at least %d, which is api.preStopSleepSeconds and 25 s to shut down, got %d: --set api.terminationGracePeriodSeconds=%d" $least (int .Values.api.terminationGracePeriodSeconds) $least) -}}
{{- end -}}
{{- end }}

{{/* While Redis rewrites its log there are two: the old one, up to twice of what it holds and more in its longer form, and the new one. */}}
{{- define "nines.checkDisk" -}}
{{- $storage := .Values.redis.storage -}}
{{- $mebi := int (regexFind "^[0-9]+" $storage) -}}
{{- if hasSuffix "Gi" $storage -}}{{- $mebi = mul $mebi 1024 -}}{{- else if hasSuffix "Ti" $storage -}}{{- $mebi = mul $mebi 1048576 -}}{{- end -}}
{{- $least := mul 2 (int .Values.redis.memoryMi) -}}
{{- if and .Values.redis.enabled (lt (int64 $mebi) (int64 $least)) -}}
  {{- fail (printf "redis.storage must be at least twice redis.memoryMi, or rewriting the log fills the disk and Redis takes nothing more, got %s for %d Mi: --set redis.storage=%dMi" $storage (int .Values.redis.memoryMi) $least) -}}
{{- end -}}
{{- end }}
