{{/* Where api and worker send their traces: empty for nowhere. */}}
{{- define "nines.otlpEndpoint" -}}
{{- $collector := .Values.otlp.collector -}}
{{- if eq $collector "managed" -}}
http://opentelemetry-collector.gke-managed-otel.svc.cluster.local:4318
{{- else if eq $collector "chart" -}}
http://{{ .Release.Name }}-collector:4318
{{- else if eq $collector "other" -}}
{{- .Values.otlp.endpoint -}}
{{- end -}}
{{- end }}

{{/* The egress of whoever sends traces. */}}
{{- define "nines.otlpEgress" -}}
{{- if ne .Values.otlp.collector "none" -}}
- to:
    {{- if eq .Values.otlp.collector "chart" }}
    - podSelector:
        matchLabels:
          {{- include "nines.selector" (dict "root" . "component" "collector") | nindent 10 }}
    {{- else }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ ternary "gke-managed-otel" .Values.otlp.namespace (eq .Values.otlp.collector "managed") }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ ternary (int .Values.otlp.port) 4318 (eq .Values.otlp.collector "other") }}}
{{- end -}}
{{- end }}

{{/* Names, the metadata server, which says who a pod is, and Google's services. */}}
{{- define "nines.googleEgress" -}}
{{ include "nines.dnsEgress" . | trim }}
- to:
    - ipBlock:
        cidr: 169.254.169.254/32
  ports:
    - {protocol: TCP, port: 80}
- to:
    {{- include "nines.internet" . | trim | nindent 4 }}
  ports:
    - {protocol: TCP, port: 443}
{{- end }}

{{- define "nines.signalsImage" -}}
{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{- define "nines.collectorConfig" -}}
extensions:
  health_check:
    endpoint: 0.0.0.0:13133
  # A token of the pod's own service account, by Workload Identity.
  googleclientauth: {}
receivers:
  otlp:
    protocols:
      http:
        endpoint: 0.0.0.0:4318
processors:
  # Refuses before the pod is killed: who sends tries again.
  memory_limiter:
    check_interval: 1s
    limit_percentage: 80
    spike_limit_percentage: 20
  resourcedetection:
    detectors: [gcp]
    timeout: 10s
    override: false
  # Google's OTLP endpoint wants to know the project by this name.
  resource/project:
    attributes:
      - key: gcp.project_id
        from_attribute: cloud.account.id
        action: insert
  batch:
    timeout: 5s
    send_batch_size: 512
    send_batch_max_size: 512
exporters:
  otlp_http:
    endpoint: {{ .Values.collector.exportTo }}
    auth:
      authenticator: googleclientauth
    timeout: 10s
    # Bounded: what does not fit is dropped and counted, and never the pod's memory.
    sending_queue:
      enabled: true
      num_consumers: 2
      queue_size: 200
    retry_on_failure:
      enabled: true
      initial_interval: 1s
      max_interval: 30s
      max_elapsed_time: 120s
service:
  extensions: [health_check, googleclientauth]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, resourcedetection, resource/project, batch]
      exporters: [otlp_http]
  telemetry:
    logs:
      encoding: json
    # What it sent, refused and dropped.
    metrics:
      readers:
        - pull:
            exporter:
              prometheus:
                host: 0.0.0.0
                port: 8888
{{- end }}

{{/* Where signals go: what a schema cannot say. */}}
{{- define "nines.signalsChecks" -}}
{{- $otlp := .Values.otlp -}}
{{- if and $otlp.endpoint (ne $otlp.collector "other") -}}
  {{- fail (printf "otlp.endpoint is set, and otlp.collector is %q, which has an address of its own or none: --set otlp.collector=other, or --set-string otlp.endpoint=" $otlp.collector) -}}
{{- end -}}
{{- if and (eq $otlp.collector "other") (not $otlp.endpoint) -}}
  {{- fail "otlp.collector is other, and otlp.endpoint is empty: --set otlp.endpoint=http://COLLECTOR.NAMESPACE:4318, or --set otlp.collector=none" -}}
{{- end -}}
{{- if and (eq $otlp.collector "other") .Values.networkPolicy.enabled (not $otlp.namespace) -}}
  {{- fail "otlp.endpoint is set, so the network policies must know the collector's namespace: --set otlp.namespace=NAMESPACE" -}}
{{- end -}}
{{- if and (has $otlp.collector (list "managed" "chart")) (not .Values.gke.enabled) -}}
  {{- fail (printf "otlp.collector is %q, which sends to Google Cloud, and gke.enabled is false: --set otlp.collector=other --set otlp.endpoint=http://COLLECTOR.NAMESPACE:4318" $otlp.collector) -}}
{{- end -}}
{{- if and (eq $otlp.collector "managed") (not (.Capabilities.APIVersions.Has "telemetry.googleapis.com/v1/Instrumentation")) -}}
  {{- include "nines.needs" (dict "root" . "api" "telemetry.googleapis.com/v1alpha1/Instrumentation" "mend" "gcloud container clusters update CLUSTER --location REGION --managed-otel-scope=COLLECTION_AND_INSTRUMENTATION_COMPONENTS, or --set otlp.collector=chart") -}}
{{- end -}}
{{- $grafana := .Values.grafana -}}
{{- if $grafana.enabled -}}
  {{- if eq (empty $grafana.projectId) (empty $grafana.prometheusUrl) -}}
    {{- fail (printf "grafana.enabled needs either grafana.projectId or grafana.prometheusUrl, got %q and %q: --set grafana.projectId=PROJECT_ID on Google Cloud, else --set grafana.prometheusUrl=http://PROMETHEUS.NAMESPACE:9090" $grafana.projectId $grafana.prometheusUrl) -}}
  {{- end -}}
  {{- if and $grafana.projectId (not .Values.gke.enabled) -}}
    {{- fail "grafana.projectId asks Managed Prometheus as a service account of Google Kubernetes Engine, and gke.enabled is false: --set grafana.prometheusUrl=http://PROMETHEUS.NAMESPACE:9090 --set-string grafana.projectId=" -}}
  {{- end -}}
  {{- if and $grafana.prometheusUrl .Values.networkPolicy.enabled (not $grafana.prometheusNamespace) -}}
    {{- fail "grafana.prometheusUrl is set, so the network policies must know the namespace of that Prometheus: --set grafana.prometheusNamespace=NAMESPACE" -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* What Grafana reads when it starts; its hash on the pod restarts it when it changes. */}}
{{- define "nines.grafanaProvisioning" -}}
datasources.yaml: |
  apiVersion: 1
  # What is no longer in here goes.
  prune: true
  datasources:
    - name: Prometheus
      uid: prometheus
      type: prometheus
      access: proxy
      url: {{ .Values.grafana.prometheusUrl | default (printf "http://%s-frontend:9090" .Release.Name) | quote }}
      isDefault: true
      editable: false
      jsonData:
        # Managed Prometheus wants GET for some of its questions.
        httpMethod: GET
        timeInterval: {{ int .Values.gke.monitoring.intervalSeconds }}s
dashboards.yaml: |
  apiVersion: 1
  providers:
    - name: nines
      type: file
      disableDeletion: true
      allowUiUpdates: false
      options:
        path: /etc/dashboards
{{- end }}
