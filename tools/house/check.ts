import { byPlace, type Finding } from './finding.ts';
import { openHouse, type House } from './house.ts';
import { clock } from './rules/clock.ts';
import { cycle } from './rules/cycle.ts';
import { environment } from './rules/environment.ts';
import { indexFile } from './rules/index-file.ts';
import { leftover } from './rules/leftover.ts';
import { name } from './rules/name.ts';
import { sibling } from './rules/sibling.ts';
import { size } from './rules/size.ts';
import { thirdParty } from './rules/third-party.ts';

const RULES: readonly ((house: House) => Finding[])[] = [cycle, sibling, thirdParty, size, clock, environment, name, indexFile, leftover];

/** Every breach of a house rule under the root, by file and line. */
export function checkHouse(root: string): { readonly files: number; readonly findings: readonly Finding[] } {
  const house = openHouse(root);
  return { files: house.files.length, findings: RULES.flatMap((rule) => rule(house)).sort(byPlace) };
}
