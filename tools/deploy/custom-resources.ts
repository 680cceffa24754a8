// What custom resources of Google Kubernetes Engine may hold, where no package on npm describes them: only the fields that the chart uses.
// Written from https://github.com/GoogleCloudPlatform/prometheus-engine/tree/main/charts/operator/crds and
// https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources.

interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Resource<Group extends string, Kind extends string, Spec> {
  readonly apiVersion: Group;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
}

type Duration = `${number}${'s' | 'm' | 'h'}`;

type PodMonitoring = Resource<
  'monitoring.googleapis.com/v1',
  'PodMonitoring',
  {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly endpoints: readonly { readonly port: string | number; readonly path?: string; readonly interval: Duration }[];
  }
>;

/** Prometheus rules without `keep_firing_for`, `limit` and labels of a group: Google Managed Prometheus refuses them. */
type Rules = Resource<
  'monitoring.googleapis.com/v1',
  'Rules',
  { readonly groups: readonly { readonly name: string; readonly interval: Duration; readonly rules: readonly (Alert | Recording)[] }[] }
>;

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: Duration;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Recording {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface TargetRef {
  readonly group: '';
  readonly kind: 'Service';
  readonly name: string;
}

type HealthCheckPolicy = Resource<
  'networking.gke.io/v1',
  'HealthCheckPolicy',
  {
    readonly targetRef: TargetRef;
    readonly default: {
      readonly checkIntervalSec?: number;
      readonly timeoutSec?: number;
      readonly healthyThreshold?: number;
      readonly unhealthyThreshold?: number;
      readonly config: {
        readonly type: 'HTTP';
        readonly httpHealthCheck: {
          readonly portSpecification: 'USE_FIXED_PORT' | 'USE_SERVING_PORT';
          readonly port?: number;
          readonly requestPath: `/${string}`;
        };
      };
    };
  }
>;

type GCPBackendPolicy = Resource<
  'networking.gke.io/v1',
  'GCPBackendPolicy',
  {
    readonly targetRef: TargetRef;
    readonly default: { readonly timeoutSec?: number; readonly connectionDraining?: { readonly drainingTimeoutSec: number } };
  }
>;

type GCPGatewayPolicy = Resource<
  'networking.gke.io/v1',
  'GCPGatewayPolicy',
  {
    readonly targetRef: { readonly group: 'gateway.networking.k8s.io'; readonly kind: 'Gateway'; readonly name: string };
    readonly default: { readonly sslPolicy?: string };
  }
>;

/** `kustomization.yaml`, as far as this repository uses it. */
interface Kustomization {
  readonly apiVersion: 'kustomize.config.k8s.io/v1beta1';
  readonly kind: 'Kustomization';
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
}

/** Kind → type. */
export interface CustomResources {
  readonly PodMonitoring: PodMonitoring;
  readonly Rules: Rules;
  readonly HealthCheckPolicy: HealthCheckPolicy;
  readonly GCPBackendPolicy: GCPBackendPolicy;
  readonly GCPGatewayPolicy: GCPGatewayPolicy;
  readonly Kustomization: Kustomization;
}
