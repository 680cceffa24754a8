{{/* What every pod has: Pod Security "restricted", and no token of the cluster's API. */}}
{{- define "nines.pod" -}}
serviceAccountName: {{ .root.Release.Name }}-{{ .component }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "nines.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Memory is limited to what is asked for, so that a pod is never the one evicted for another's need; a limit of CPU only adds latency. */}}
{{- define "nines.resources" -}}
resources:
  requests:
    cpu: {{ .cpu }}
    memory: {{ .memory }}
  limits:
    memory: {{ .memory }}
{{- end }}

{{- define "nines.spread" -}}
topologySpreadConstraints:
{{- $root := . }}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
{{ include "nines.selector" $root | indent 8 }}
    matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}

{{- define "nines.probes" -}}
# Started once Redis was reached once; five minutes, because a restart does not bring Redis back.
startupProbe:
  httpGet:
    path: /startupz
    port: probes
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 150
readinessProbe:
  httpGet:
    path: /readyz
    port: probes
  periodSeconds: 5
  timeoutSeconds: 2
  failureThreshold: 2
# The event loop only: nothing that a restart would not mend.
livenessProbe:
  httpGet:
    path: /livez
    port: probes
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{/* Destinations where a pod has not the settings, or where they are in the Secret. */}}
{{- define "nines.destinations" -}}
- name: DESTINATIONS
  {{- if or .Values.destinations .Values.demo.enabled }}
  valueFrom:
    configMapKeyRef:
      name: {{ .Release.Name }}-settings
      key: DESTINATIONS
  {{- else }}
  valueFrom:
    secretKeyRef:
      name: {{ .Values.existingSecret }}
      key: DESTINATIONS
  {{- end }}
{{- end }}

{{/* Variables that api and worker share and no ConfigMap can hold. */}}
{{- define "nines.environment" -}}
{{- if not (or .root.Values.destinations .root.Values.demo.enabled) }}
{{ include "nines.destinations" .root }}
{{- end }}
{{- if .root.Values.redis.enabled }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.redis.passwordSecret }}
      key: {{ upper .component }}_PASSWORD
- name: REDIS_URL
  value: redis://{{ .component }}:$(REDIS_PASSWORD)@{{ .root.Release.Name }}-redis:6379
{{- else }}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.redis.urlSecret.name }}
      key: {{ .root.Values.redis.urlSecret.key }}
{{- if .root.Values.redis.ca.configMap }}
- name: REDIS_CA_FILE
  value: /etc/redis-ca/{{ .root.Values.redis.ca.key }}
{{- end }}
{{- end }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: OTEL_RESOURCE_ATTRIBUTES
  value: k8s.namespace.name={{ .root.Release.Namespace }},k8s.pod.name=$(POD_NAME)
{{- end }}

{{/* The ConfigMap's content; its hash on the pods restarts them when it changes. */}}
{{- define "nines.settings" -}}
PROBES_HOST: 0.0.0.0
PROBES_PORT: "9464"
{{- if .Values.destinations }}
{{- $pairs := list }}
{{- range $name, $url := .Values.destinations }}
{{- $pairs = append $pairs (printf "%s=%s" $name $url) }}
{{- end }}
DESTINATIONS: {{ join "," $pairs | quote }}
{{- else if .Values.demo.enabled }}
DESTINATIONS: receiver=http://{{ .Release.Name }}-receiver:8080/hooks
{{- end }}
{{- with include "nines.otlpEndpoint" . }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{/* The certificates of an external Redis's authority; a change needs a restart. */}}
{{- define "nines.redisCaMount" -}}
{{- if .Values.redis.ca.configMap }}
volumeMounts:
  - name: redis-ca
    mountPath: /etc/redis-ca
    readOnly: true
{{- end }}
{{- end }}

{{- define "nines.redisCaVolume" -}}
{{- with .Values.redis.ca.configMap }}
volumes:
  - name: redis-ca
    configMap:
      name: {{ . }}
{{- end }}
{{- end }}
