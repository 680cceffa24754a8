import 'expect';
import type { SloMatchers } from '@nines/slo/matchers';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends SloMatchers<R> {}
}
