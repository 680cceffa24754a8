import { TestRunner } from 'vitest';

/** Where there can be no Redis (Windows), the tests that need one are skipped, and counted as that. */
export default class RedisRunner extends TestRunner {
  constructor(config: ConstructorParameters<typeof TestRunner>[0]) {
    // A pattern that no name matches.
    super(config);
    if (this.injectValue('redisUrl') === '') this.config.testNamePattern = /$^/;
  }
}
