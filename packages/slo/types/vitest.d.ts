import 'vitest';
import type { SloMatchers } from '@nines/slo/matchers';

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends SloMatchers<R> {}
}
