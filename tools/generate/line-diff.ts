/** Every line of two texts in the shortest way from one to the other, marked `- ` (only before), `+ ` (only after) or by two spaces. */
export function lineDiff(before: string, after: string): string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const common = commonLengths(old, now);
  const marked: string[] = [];
  let [at, to] = [0, 0];
  while (at < old.length || to < now.length) {
    if (at < old.length && to < now.length && old[at] === now[to]) {
      marked.push(`  ${old[at]}`);
      [at, to] = [at + 1, to + 1];
    } else if (to === now.length || (at < old.length && length(common, at + 1, to) >= length(common, at, to + 1))) {
      marked.push(`- ${old[at]}`);
      at += 1;
    } else {
      marked.push(`+ ${now[to]}`);
      to += 1;
    }
  }
  return marked.map((line) => line.trimEnd());
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

/** For each pair of places, how many lines the rests of both texts have in common, in order. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () => Array.from({ length: now.length + 1 }, () => 0));
  for (let at = old.length - 1; at >= 0; at -= 1) {
    for (let to = now.length - 1; to >= 0; to -= 1) {
      const same = old[at] === now[to];
      const best = same ? length(lengths, at + 1, to + 1) + 1 : Math.max(length(lengths, at + 1, to), length(lengths, at, to + 1));
      (lengths[at] ?? [])[to] = best;
    }
  }
  return lengths;
}

function length(lengths: readonly (readonly number[])[], at: number, to: number): number {
  return lengths[at]?.[to] ?? 0;
}
