import { run } from '@bufbuild/cel';
import type { IValidatingAdmissionPolicy, IValidatingAdmissionPolicyBinding } from 'kubernetes-models/admissionregistration.k8s.io/v1';
import { ofKind } from './finding.ts';
import type { Manifest } from './manifests.ts';

type PolicySpec = NonNullable<IValidatingAdmissionPolicy['spec']>;
type BindingSpec = NonNullable<IValidatingAdmissionPolicyBinding['spec']>;
type Values = Readonly<Record<string, unknown>>;

/** What is asked of the API server. */
export interface Request {
  readonly object: Values & { readonly apiVersion: string; readonly kind: string };
  /** `pods`, or `pods/ephemeralcontainers`; else the plural of the kind. */
  readonly resource?: string;
  readonly operation?: 'CREATE' | 'UPDATE';
  readonly namespace?: string;
}

/**
 * What the API server would answer, as far as it can be said without one: the sentence of each validation that fails. CEL is run by its own
 * rules, an error in it included; whether the types of Kubernetes fit is for a cluster to say.
 */
export function refusals(manifests: readonly Manifest[], request: Request): string[] {
  const policies = ofKind<PolicySpec>(manifests, 'ValidatingAdmissionPolicy');
  return ofKind<BindingSpec>(manifests, 'ValidatingAdmissionPolicyBinding').flatMap(({ metadata, spec }) => {
    const policy = policies.find((each) => each.metadata.name === spec.policyName);
    if (policy === undefined) throw new Error(`${metadata.name} binds ${spec.policyName}, which there is not`);
    return binds(spec, request) && matches(policy.spec, request) ? failures(policy.spec, request) : [];
  });
}

function binds({ matchResources }: BindingSpec, { namespace = 'nines' }: Request): boolean {
  return matchResources?.namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] === namespace;
}

function matches({ matchConstraints, matchConditions = [] }: PolicySpec, request: Request): boolean {
  const { object, operation = 'CREATE', resource = `${object.kind.toLowerCase()}s` } = request;
  const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const asked = (matchConstraints?.resourceRules ?? []).some(
    ({ apiGroups = [], apiVersions = [], operations = [], resources = [] }) =>
      apiGroups.includes(group!) && apiVersions.includes(version!) && operations.includes(operation) && resources.includes(resource),
  );
  return asked && matchConditions.every(({ expression }) => evaluate(expression, { object }) === true);
}

function failures({ variables = [], validations = [] }: PolicySpec, { object }: Request): string[] {
  const known: Record<string, unknown> = {};
  for (const { name, expression } of variables) known[name] = evaluate(expression, { object, variables: known });
  const bindings = { object, variables: known };
  return validations
    .filter(({ expression }) => evaluate(expression, bindings) !== true)
    .map(({ message, messageExpression }) => (messageExpression === undefined ? message! : String(evaluate(messageExpression, bindings))));
}

function evaluate(expression: string, bindings: Readonly<Record<string, unknown>>): unknown {
  const result = run(expression, bindings as Parameters<typeof run>[1]);
  if (result instanceof Error) throw new Error(`${expression}: ${result.message}`);
  return result;
}
