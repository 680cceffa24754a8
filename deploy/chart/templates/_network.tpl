{{- define "nines.scraping" -}}
{{- with .Values.networkPolicy.metricsNamespaces }}
- from:
    {{- range . }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ . }}
      podSelector:
        matchLabels:
          app.kubernetes.io/name: collector
    {{- end }}
  ports:
    - {protocol: TCP, port: 9464}
{{- end }}
{{- end }}

{{/* What api and worker both need: names, Redis, and the collector of traces. */}}
{{- define "nines.egress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    {{- range .Values.networkPolicy.dnsServers }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- if .Values.redis.enabled }}
- to:
    - podSelector:
        matchLabels:
          {{- include "nines.selector" (dict "root" . "component" "redis") | nindent 10 }}
  ports:
    - {protocol: TCP, port: 6379}
{{- else }}
- to:
    - ipBlock:
        cidr: {{ .Values.networkPolicy.externalRedis.cidr }}
  ports:
    - {protocol: TCP, port: {{ int .Values.networkPolicy.externalRedis.port }}}
{{- end }}
{{- if .Values.otlp.endpoint }}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.otlp.namespace }}
  ports:
    - {protocol: TCP, port: {{ int .Values.otlp.port }}}
{{- end }}
{{- end }}
