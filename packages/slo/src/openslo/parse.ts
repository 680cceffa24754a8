import type { Slo } from '@nines/slo';
export function parseOpenSlo(text: string): Slo[] {
  return JSON.parse(text) as Slo[];
}
