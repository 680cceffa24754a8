import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { findHelm, GKE_APIS, type Rendered, type TemplateOptions } from '../../tools/deploy/helm.ts';

// Each starts compilers, kubectl or helm: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

const helm = findHelm();
const scratch = mkdtempSync(join(tmpdir(), 'nines-values-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const ENFORCE = 'pod-security.kubernetes.io/enforce';
const SHA = 'image.tag=0123456789abcdef0123456789abcdef01234567';
const REGISTRY = 'image.registry=asia-south1-docker.pkg.dev/my-project/sre-portfolio-repo';
const EXTERNAL = ['redis.enabled=false', 'redis.urlSecret.name=redis-url', 'networkPolicy.externalRedis.cidr=10.0.0.3/32'];

const OTHER = ['otlp.collector=other', 'otlp.endpoint=http://collector.observability:4318', 'otlp.namespace=observability'];

const GRAFANA = ['grafana.enabled=true', 'grafana.prometheusUrl=http://prometheus.monitoring:9090'];

/** Of our own, each once. */
const imagesOf = (rendered: Rendered) => [...new Set(rendered.ok ? rendered.text.match(/image: \S*nines-\S+/g) : [])].sort();

function refusal(options: TemplateOptions): string {
  const rendered = helm!.template(options);
  if (rendered.ok) throw new Error('the chart rendered');
  return rendered.message;
}

describe.skipIf(helm === undefined)('values', () => {
  test('the images are those of the registry and the commit', () => {
    const rendered = helm!.template({ set: [SHA, REGISTRY] });
    expect(imagesOf(rendered)).toEqual(['api', 'worker'].map((name) => `image: ${REGISTRY.slice(15)}/nines-${name}:${SHA.slice(10)}`));
  });

  test('a digest decides, whatever the tag has become', () => {
    const digest = `sha256:${'c'.repeat(64)}`;
    const rendered = helm!.template({ set: [SHA, REGISTRY, `image.digests.worker=${digest}`] });
    const [api, worker] = imagesOf(rendered);
    expect(api).toMatch(/\/nines-api:[0-9a-f]{40}$/);
    expect(worker).toBe(`image: ${REGISTRY.slice(15)}/nines-worker:${SHA.slice(10)}@${digest}`);
  });

  test.each<[string, string[], string | RegExp]>([
    [
      'no tag',
      [],
      'image.tag must be the 40 hexadecimal digits of the commit that the images were built from, got "": --set image.tag=$(git rev-parse HEAD)',
    ],
    ['a moving tag', ['image.tag=latest'], 'got "latest"'],
    ['a short commit', ['image.tag=0123456'], 'image.tag'],
    ['no registry on GKE', [SHA, 'gke.enabled=true'], '--set image.registry=REGION-docker.pkg.dev/PROJECT_ID/sre-portfolio-repo'],
    ['a registry with a scheme', [SHA, 'image.registry=https://ghcr.io/p'], 'image.registry must be host and path, without scheme'],
    ['no project id', [SHA, 'image.registry=asia-south1-docker.pkg.dev//sre-portfolio-repo'], 'gcloud config get-value project'],
    [
      'a project id that is none',
      [SHA, 'image.registry=asia-south1-docker.pkg.dev/PROJECT_ID/sre-portfolio-repo'],
      'got "asia-south1-docker.pkg.dev/PROJECT_ID',
    ],
    ['an unknown value', [SHA, 'api.replica=3'], /api.*\breplica\b.* not allowed/],
    ['text where a number belongs', [SHA, 'api.replicas=many'], /api[./]replicas.*integer/],
    ['too little CPU for Autopilot', [SHA, 'worker.cpu=10m'], /worker[./]cpu.*pattern/],
    ['a Redis tag that moves', [SHA, 'redis.image.tag=latest'], /redis[./]image[./]tag.*pattern/],
    ['a digest of an image that is none', [SHA, 'image.digests.api=latest'], /image[./]digests[./]api.*pattern/],
    ['a digest that is none', [SHA, 'redis.image.digest=sha256:12'], /redis[./]image[./]digest.*pattern/],
    ['a variable the example has not', [SHA, 'settings.CONCURENCY=3'], /settings.*CONCURENCY/],
    ['a destination that is no URL', [SHA, 'destinations.mine=example.com'], /destinations[./]mine.*pattern/],
    ['a network that is none', [SHA, 'networkPolicy.externalRedis.cidr=redis'], /networkPolicy[./]externalRedis[./]cidr/],
    ['an external Redis without its URL', [SHA, 'redis.enabled=false'], '--set redis.urlSecret.name=redis-url'],
    ['an external Redis without its address', [SHA, ...EXTERNAL.slice(0, 2)], '--set networkPolicy.externalRedis.cidr=10.0.0.3/32'],
    [
      'a certificate authority for the own Redis',
      [SHA, 'redis.ca.configMap=redis-ca'],
      '--set redis.enabled=false, or --set redis.ca.configMap=',
    ],
    [
      'more jobs a worker than it has in hand',
      [SHA, 'worker.autoscaling.enabled=true', 'worker.autoscaling.targetBacklog=17'],
      '--set worker.autoscaling.targetBacklog=16',
    ],
    [
      'a minimum above the maximum',
      [SHA, 'worker.autoscaling.enabled=true', 'worker.autoscaling.minReplicas=30'],
      'worker.autoscaling.minReplicas must be at most maxReplicas, 20, got 30',
    ],
    ['metrics of nobody', [SHA, 'worker.autoscaling.metrics=keda'], /worker[./]autoscaling[./]metrics/],
    ['traces without a namespace', [SHA, ...OTHER.slice(0, 2)], '--set otlp.namespace=NAMESPACE'],
    ['traces without an address', [SHA, 'otlp.collector=other'], '--set otlp.endpoint=http://COLLECTOR.NAMESPACE:4318'],
    ['an address that nothing uses', [SHA, OTHER[1]!], 'otlp.collector is "none", which has an address of its own or none'],
    [
      "Google's collector elsewhere",
      [SHA, 'otlp.collector=managed'],
      'otlp.collector is "managed", which sends to Google Cloud, and gke.enabled is false',
    ],
    ['our collector elsewhere', [SHA, 'otlp.collector=chart'], 'otlp.collector is "chart", which sends to Google Cloud'],
    ['Grafana without a Prometheus', [SHA, GRAFANA[0]!], 'either grafana.projectId or grafana.prometheusUrl, got "" and ""'],
    [
      'Grafana with two',
      [SHA, ...GRAFANA, 'grafana.projectId=my-project'],
      'either grafana.projectId or grafana.prometheusUrl, got "my-project"',
    ],
    [
      'Managed Prometheus elsewhere',
      [SHA, GRAFANA[0]!, 'grafana.projectId=my-project'],
      '--set grafana.prometheusUrl=http://PROMETHEUS.NAMESPACE:9090',
    ],
    ['Grafana without a namespace', [SHA, ...GRAFANA], '--set grafana.prometheusNamespace=NAMESPACE'],
    ['a project id of no form', [SHA, 'grafana.projectId=My_Project'], /grafana[./]projectId.*pattern/],
    ['a collector of no kind', [SHA, 'otlp.collector=jaeger'], /otlp[./]collector/],
    ['a collector of no version', [SHA, 'collector.image.tag=latest'], /collector[./]image[./]tag.*pattern/],
    ['a long shutdown on Spot', [SHA, 'worker.spot=true'], '--set worker.terminationGracePeriodSeconds=25'],
    [
      'a pause before shutting down that leaves no time for it',
      [SHA, 'api.preStopSleepSeconds=30'],
      'which is api.preStopSleepSeconds and 25 s to shut down, got 45: --set api.terminationGracePeriodSeconds=55',
    ],
    [
      'a worker that is killed at its work',
      [SHA, 'worker.terminationGracePeriodSeconds=10'],
      '--set worker.terminationGracePeriodSeconds=15',
    ],
    ['a disk that rewriting the log would fill', [SHA, 'redis.memoryMi=4096'], 'got 2Gi for 4096 Mi: --set redis.storage=8192Mi'],
  ])('%s is refused, by name', (_, set, message) => {
    expect(refusal({ set })).toMatch(message);
  });

  test.each([
    ['gateway.networking.k8s.io/v1/Gateway', '--gateway-api=standard'],
    ['networking.gke.io/v1/HealthCheckPolicy', '--gateway-api=standard'],
    ['monitoring.googleapis.com/v1/PodMonitoring', '--enable-managed-prometheus'],
    ['telemetry.googleapis.com/v1alpha1/Instrumentation', '--managed-otel-scope=COLLECTION_AND_INSTRUMENTATION_COMPONENTS'],
  ])('a cluster without %s is refused before anything is applied, with the command that mends it', (missing, command) => {
    const message = refusal({
      set: [SHA, REGISTRY],
      values: ['values-gke.yaml'],
      apiVersions: GKE_APIS.filter((each) => each !== missing),
    });
    expect(message).toContain(`the cluster does not know ${missing}: gcloud container clusters update`);
    expect(message).toContain(command);
  });

  // Helm itself looks only where there is a cluster: deploy/scripts/upgrade against kind.
  test.skipIf(helm?.looksUp !== true).each<[string, Record<string, string>, string | RegExp]>([
    ['no label', {}, 'must enforce Pod Security "restricted", and enforces "nothing": kubectl label namespace nines --overwrite'],
    ['baseline', { [ENFORCE]: 'baseline' }, 'and enforces "baseline": kubectl label namespace nines --overwrite'],
    ['restricted', { [ENFORCE]: 'restricted' }, /^$/],
  ])('a namespace that is there with %s', (_, labels, message) => {
    const namespaceFile = join(scratch, 'namespace.yaml');
    writeFileSync(namespaceFile, JSON.stringify({ metadata: { name: 'nines', labels } }));
    const rendered = helm!.template({ set: [SHA], namespaceFile });
    expect(rendered.ok ? '' : rendered.message).toMatch(message);
  });
});
