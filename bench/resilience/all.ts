import { peerScenarios } from './peers.ts';
import { type Scenario, scenarios as ownScenarios } from './scenarios.ts';

/** Everything that is measured, in the order of the table. */
export const scenarios: readonly Scenario[] = [...ownScenarios, ...peerScenarios];
