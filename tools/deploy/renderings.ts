import { GKE_APIS, type Helm, type TemplateOptions } from './helm.ts';
import { parseManifests, type Manifest } from './manifests.ts';
import { VARIANTS } from './render.ts';

const SHA = 'image.tag=0123456789abcdef0123456789abcdef01234567';
const REGISTRY = 'image.registry=asia-south1-docker.pkg.dev/my-project/sre-portfolio-repo';
const GKE: TemplateOptions = { set: [SHA, REGISTRY], values: ['values-gke.yaml'], apiVersions: GKE_APIS };
const LOCAL: TemplateOptions = { set: [SHA], values: ['values-local.yaml'] };
const TRACES = ['otlp.collector=other', 'otlp.endpoint=http://collector.observability:4318', 'otlp.namespace=observability'];
const MEMORYSTORE = ['redis.enabled=false', 'redis.urlSecret.name=redis-url', 'networkPolicy.externalRedis.cidr=10.0.0.3/32'];

/** Values that are lists, which a stand-in for Helm cannot be told by --set; relative to the chart. */
const CLIENTS = '../../test/deploy/values/clients.yaml';
const DELIVERIES = '../../test/deploy/values/deliveries.yaml';

const plus = (options: TemplateOptions, ...set: string[]): TemplateOptions => ({ ...options, set: [...(options.set ?? []), ...set] });

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** Every file of values, and the switches that change which objects there are: all that is checked statically is checked for each of these. */
export const RENDERINGS: readonly (readonly [name: string, options: TemplateOptions])[] = [
  ...VARIANTS.map(({ name, options }) => [`k8s/${name}`, options] as const),
  ['any cluster', { set: [SHA] }],
  ['local', LOCAL],
  ['gke', GKE],
  ['gke, plain HTTP', plus(GKE, 'gke.gateway.certificateMap=', 'gke.gateway.address=')],
  ['gke, no Gateway', plus(GKE, 'gke.gateway.enabled=false')],
  ['gke, no monitoring', plus(GKE, 'gke.monitoring.enabled=false', 'worker.autoscaling.enabled=false')],
  ['gke, Memorystore with TLS', plus(GKE, ...MEMORYSTORE, 'networkPolicy.externalRedis.port=6378', 'redis.ca.configMap=redis-ca')],
  ['gke, traces', plus(GKE, ...TRACES)],
  ['gke, a collector of the chart', { ...GKE, values: ['values-gke.yaml', 'values-collector.yaml'] }],
  ['gke, Grafana', plus(GKE, 'grafana.enabled=true', 'grafana.projectId=my-project')],
  ['gke, everything', plus({ ...GKE, values: ['values-gke.yaml', CLIENTS, DELIVERIES] }, ...TRACES, 'api.autoscaling.enabled=true')],
  ['local, traces', plus(LOCAL, ...TRACES)],
  ['autoscaling', { set: [SHA, 'api.autoscaling.enabled=true', 'worker.autoscaling.enabled=true'] }],
  [
    'Grafana for another Prometheus',
    {
      set: [
        SHA,
        'grafana.enabled=true',
        'grafana.prometheusUrl=http://prometheus.monitoring:9090',
        'grafana.prometheusNamespace=monitoring',
      ],
    },
  ],
  ['an external Redis', { set: [SHA, ...MEMORYSTORE] }],
  ['images by digest', { set: [SHA, REGISTRY, `image.digests.api=${DIGEST}`, `image.digests.worker=${DIGEST}`] }],
  ['clients of a namespace', { set: [SHA], values: [CLIENTS] }],
  ['deliveries inside of the cluster', { set: [SHA], values: [DELIVERIES] }],
  ['destinations', { set: [SHA, 'destinations.mine=https://example.com/hooks', 'destinations.other=http://receiver:8080/'] }],
  ['admission', { set: [SHA, REGISTRY, 'admission.enabled=true'] }],
  ['no network policies', { set: [SHA, 'networkPolicy.enabled=false'] }],
];

/** The objects of one of them. */
export function renderingOf(helm: Helm, options: TemplateOptions): Manifest[] {
  const rendered = helm.template(options);
  if (!rendered.ok) throw new Error(rendered.message);
  return parseManifests(rendered.text);
}
