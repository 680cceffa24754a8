import { alertDocumented, policyFits, routeLeads } from './checks/routes.ts';
import { networkCovers, networkNarrow } from './checks/network.ts';
import {
  environmentOnce,
  imagePinned,
  listensWhereSaid,
  podHardened,
  probesFit,
  redisKeeps,
  shutdownFits,
  tokenUnused,
} from './checks/pods.ts';
import { inNamespace, namesUnique, redisFound, referencesLead, secretUnwritten } from './checks/references.ts';
import { extendedRuntimeUnused, rollbackWorks } from './checks/rollouts.ts';
import { budgetLetsGo, monitoredPort, scalerHasTarget, selectorIsLabels, serviceFindsPods } from './checks/selectors.ts';
import type { Check, Finding } from './finding.ts';
import type { Manifest } from './manifests.ts';

/** What must hold for every way to render the chart, whatever objects there are. The schema of each object is looked at by schema.ts. */
export const CHECKS: Readonly<Record<string, Check>> = {
  namesUnique,
  inNamespace,
  secretUnwritten,
  referencesLead,
  redisFound,
  podHardened,
  tokenUnused,
  imagePinned,
  environmentOnce,
  probesFit,
  shutdownFits,
  listensWhereSaid,
  redisKeeps,
  rollbackWorks,
  extendedRuntimeUnused,
  selectorIsLabels,
  serviceFindsPods,
  budgetLetsGo,
  scalerHasTarget,
  monitoredPort,
  routeLeads,
  policyFits,
  alertDocumented,
  networkCovers,
  networkNarrow,
};

/** Everything that is wrong with the objects of one installation; empty is good. */
export function checkManifests(manifests: readonly Manifest[]): Finding[] {
  return Object.entries(CHECKS).flatMap(([check, run]) => run(manifests).map((problem) => ({ check, ...problem })));
}
