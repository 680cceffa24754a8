import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { IGateway, IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ROOT } from '../../workspace/packages.ts';
import type { CustomResources } from '../custom-resources.ts';
import { find, ofKind, unless, type Check } from '../finding.ts';
import type { Manifest } from '../manifests.ts';
import { listensOn, selected, workloadsOf, type Workload } from '../workloads.ts';

type Labels = Readonly<Record<string, string>>;
type Spec<Kind extends keyof CustomResources> = Extract<CustomResources[Kind], { spec: unknown }>['spec'];

/** From the listener of the gateway to the port of the Service: a load balancer answers 404 or 502 where one of them is missing. */
export const routeLeads: Check = (manifests) =>
  ofKind<IHTTPRoute['spec']>(manifests, 'HTTPRoute').flatMap((route) => {
    const { parentRefs = [], rules = [] } = route.spec ?? {};
    const parents = parentRefs.filter(({ name, sectionName }) => {
      const gateway = find(manifests, 'Gateway', name)?.spec as IGateway['spec'] | undefined;
      return !(gateway?.listeners ?? []).some((listener) => sectionName === undefined || listener.name === sectionName);
    });
    const backends = rules
      .flatMap(({ backendRefs = [] }) => backendRefs)
      .filter(({ name, port }) => {
        const service = find(manifests, 'Service', name)?.spec as { ports?: readonly { port: number }[] } | undefined;
        return !(service?.ports ?? []).some((each) => each.port === port);
      });
    return [
      ...unless(parentRefs.length > 0, route, 'it belongs to no Gateway'),
      ...parents.flatMap(({ name, sectionName }) => unless(false, route, `Gateway/${name} has no listener ${sectionName}`)),
      ...backends.flatMap(({ name, port }) => unless(false, route, `there is no Service/${name} with port ${port}`)),
    ];
  });

/** Policies of Google's load balancers name a Service or a Gateway; the health check asks what the kubelet asks, or the two would not agree on who is ready. */
export const policyFits: Check = (manifests) => [
  ...ofKind<Spec<'HealthCheckPolicy'>>(manifests, 'HealthCheckPolicy').flatMap((policy) => {
    const { port, requestPath } = policy.spec.default.config.httpHealthCheck;
    const pods = behind(manifests, policy.spec.targetRef.name);
    const paths = pods.flatMap(({ pod }) => pod.containers.map(({ readinessProbe }) => readinessProbe?.httpGet?.path));
    return [
      ...unless(pods.length > 0, policy, `there is no Service/${policy.spec.targetRef.name} with pods`),
      ...unless(
        pods.every(({ pod }) => listensOn(pod, port)),
        policy,
        `no container of its pods listens on ${port}`,
      ),
      ...unless(paths.includes(requestPath), policy, `it asks ${requestPath}, and readinessProbe asks ${paths.join(', ')}`),
    ];
  }),
  ...ofKind<Spec<'GCPBackendPolicy'>>(manifests, 'GCPBackendPolicy').flatMap((policy) => {
    const { name } = policy.spec.targetRef;
    return unless(behind(manifests, name).length > 0, policy, `there is no Service/${name} with pods`);
  }),
  ...ofKind<Spec<'GCPGatewayPolicy'>>(manifests, 'GCPGatewayPolicy').flatMap((policy) => {
    const { name } = policy.spec.targetRef;
    return unless(find(manifests, 'Gateway', name) !== undefined, policy, `there is no Gateway/${name}`);
  }),
];

function behind(manifests: readonly Manifest[], service: string): Workload[] {
  const { selector } = (find(manifests, 'Service', service)?.spec ?? {}) as { selector?: Labels };
  return selected(workloadsOf(manifests), selector);
}

/** Whoever is woken by an alert finds what to do. */
export const alertDocumented: Check = (manifests) =>
  ofKind<Spec<'Rules'>>(manifests, 'Rules').flatMap((rules) =>
    rules.spec.groups
      .flatMap((group) => group.rules)
      .flatMap((rule) => {
        if (!('alert' in rule)) return [];
        const { alert, annotations = {}, labels = {} } = rule;
        const page = `deploy/runbooks/${alert}.md`;
        return [
          ...unless(annotations['runbook_url']?.endsWith(`/${page}`) === true, rules, `${alert}: runbook_url must end with ${page}`),
          ...unless(existsSync(join(ROOT, page)), rules, `${alert}: there is no ${page}`),
          ...unless(/^(page|ticket)$/.test(labels['severity'] ?? ''), rules, `${alert}: severity must be page or ticket`),
          ...unless((annotations['summary'] ?? '') !== '', rules, `${alert}: it has no summary`),
        ];
      }),
  );
