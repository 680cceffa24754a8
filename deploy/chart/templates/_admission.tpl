{{/* Policies that would refuse what the chart itself makes are not made. */}}
{{- define "nines.admissionChecks" -}}
{{- if .Values.admission.enabled -}}
  {{- if .Values.image.kustomize -}}
    {{- fail "admission.enabled needs to know the registry, which image.kustomize leaves open: deploy/scripts/admission" -}}
  {{- end -}}
  {{- if and .Values.redis.enabled (not .Values.redis.image.digest) -}}
    {{- fail (printf "admission.enabled refuses images that may change, and redis.image.digest is empty: --set redis.image.digest=$(docker buildx imagetools inspect %s:%s --format '{{.Manifest.Digest}}')" .Values.redis.image.repository .Values.redis.image.tag) -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* Pods, and what makes them, so that whoever applies a Deployment is told at once. Takes one more resource of the core group. */}}
{{- define "nines.admitted" -}}
resourceRules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [pods{{ with . }}, {{ . }}{{ end }}]
  - apiGroups: [apps]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [deployments, statefulsets, daemonsets]
  - apiGroups: [batch]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [jobs, cronjobs]
{{- end }}

{{/* What was there before the policy can still be deleted, whatever it is like: its finalizers are taken off by updates. */}}
{{- define "nines.staying" -}}
- name: staying
  expression: "!has(object.metadata.deletionTimestamp)"
{{- end }}

{{- define "nines.podVariables" -}}
- name: pod
  expression: >-
    object.kind == 'Pod' ? dyn(object).spec
    : object.kind == 'CronJob' ? dyn(object).spec.jobTemplate.spec.template.spec
    : dyn(object).spec.template.spec
- name: containers
  expression: "variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])"
{{- end }}

{{/* How an image may begin, as a list of CEL: in the registry, or of a repository that the values name. */}}
{{- define "nines.admittedImages" -}}
{{- $prefixes := list -}}
{{- with .Values.image.registry -}}
  {{- $prefixes = append $prefixes (printf "'%s/'" .) -}}
{{- else -}}
  {{- $prefixes = list "'nines-api:'" "'nines-worker:'" -}}
{{- end -}}
{{- range $name, $part := merge (dict "frontend" .Values.grafana.frontend) .Values -}}
  {{- if and (kindIs "map" $part) (hasKey $part "image") -}}
    {{- with $part.image.repository -}}
      {{- $prefixes = append $prefixes (printf "'%s:'" .) -}}
      {{- $prefixes = append $prefixes (printf "'%s@'" .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range .Values.admission.repositories -}}
  {{- $prefixes = append $prefixes (printf "'%s:'" .) -}}
  {{- $prefixes = append $prefixes (printf "'%s@'" .) -}}
{{- end -}}
[{{ join ", " $prefixes }}]
{{- end }}

{{/* A policy is of the whole cluster; this namespace alone is bound to it. */}}
{{- define "nines.admissionBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .root.Release.Name }}-{{ .policy }}.{{ .root.Release.Namespace }}
  labels:
    {{- .labels | nindent 4 }}
spec:
  policyName: {{ .root.Release.Name }}-{{ .policy }}.{{ .root.Release.Namespace }}
  validationActions: [Deny]
  matchResources:
    namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .root.Release.Namespace }}
{{- end }}
