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
    - {protocol: TCP, port: {{ $.metricsPort | default 9464 }}}
{{- end }}
{{- end }}

{{- define "nines.dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    {{- with .Values.networkPolicy.dnsServers }}
    # GKE Dataplane V2 hands what is asked of kube-dns to the cache of the node, and holds that pod against the policy.
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: node-local-dns
    {{- end }}
    {{- range .Values.networkPolicy.dnsServers }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{/* What api and worker both need: names, Redis, and the collector of traces. */}}
{{- define "nines.egress" -}}
{{ include "nines.dnsEgress" . | trim }}
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
{{- with include "nines.otlpEgress" . | trim }}
{{ . }}
{{- end }}
{{- end }}

{{/* The internet, never a private network or the metadata server. */}}
{{- define "nines.internet" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      - 0.0.0.0/8
      - 10.0.0.0/8
      - 100.64.0.0/10
      - 127.0.0.0/8
      - 169.254.0.0/16
      - 172.16.0.0/12
      - 192.0.0.0/24
      - 192.168.0.0/16
      - 198.18.0.0/15
      - 224.0.0.0/4
      - 240.0.0.0/4
{{- end }}
