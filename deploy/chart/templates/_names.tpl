{{/* The labels that select the pods of one component; they never change. Takes a dict of root and component. */}}
{{- define "nines.selector" -}}
app.kubernetes.io/name: nines
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "nines.metadata" -}}
name: {{ .root.Release.Name }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
{{ include "nines.selector" . | indent 2 }}
{{- end }}

{{/* The image of api or worker; with a digest, the tag is only for who reads it. A kustomization replaces the name; until then the tag says what to do. */}}
{{- define "nines.image" -}}
{{- if .root.Values.image.kustomize -}}
nines-{{ .component }}:run-deploy-image-first
{{- else -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end }}nines-{{ .component }}:{{ .root.Values.image.tag }}{{ with index .root.Values.image.digests .component }}@{{ . }}{{ end }}
{{- end -}}
{{- end }}
