export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly version: string;
}
export function settle(modules: string, machine: Machine): string | undefined;
