import { breakerSuite } from './breaker.suite.ts';
import { engines } from './engines.ts';
import { pipelineSuite } from './pipeline.suite.ts';
import { retrySuite } from './retry.suite.ts';
import { telemetrySuite } from './telemetry.suite.ts';

// One set of promises, whoever made the retry and the breaker.
for (const engine of Object.values(engines)) {
  pipelineSuite(engine);
  breakerSuite(engine);
  retrySuite(engine);
  telemetrySuite(engine);
}
