/** What is wrong with a workflow, each with its line. Reads lines, not YAML: our workflows are plain enough for that. */
export function checkWorkflow(text: string): string[] {
  const lines = text.split('\n');
  const problems = lines.flatMap((line, index) =>
    [...lineProblems(line), ...injection(lines, index)].map((problem) => `${index + 1} ${problem}`),
  );
  if (!/^permissions: \{\}$/m.test(text)) problems.push('1 the workflow does not start from "permissions: {}"');
  return [...problems, ...jobProblems(lines)];
}

function lineProblems(line: string): string[] {
  const used = /^\s*(?:- )?uses: (.+)$/.exec(line)?.[1];
  if (used !== undefined && !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used))
    return [`"${used}" is not pinned by a full SHA with its version beside`];
  if (/^\s*pull_request_target:/.test(line)) return ['pull_request_target runs with rights that a foreign change must not have'];
  if (/^\s*permissions: (write-all|read-all)/.test(line)) return ['permissions are not the least'];
  if (/secrets\.NPM_TOKEN|registry-url:/.test(line)) return ['publishing is by trust, not by a token'];
  return [];
}

/** An expression inside of a script is replaced before the shell reads it: its value must come by an environment variable. */
function injection(lines: readonly string[], index: number): string[] {
  const line = lines[index] ?? '';
  if (!line.includes('${{')) return [];
  const scripted = /^\s*(- )?run: /.test(line) || insideScript(lines, index);
  return scripted ? ['an expression inside of a script: pass it as an environment variable'] : [];
}

function insideScript(lines: readonly string[], index: number): boolean {
  const depth = indentation(lines[index] ?? '');
  const parent = lines.slice(0, index).findLast((line) => line.trim() !== '' && indentation(line) < depth);
  return parent !== undefined && /run: [|>]/.test(parent);
}

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}

/** Every job has its own permissions and an end, and keeps no credentials where later steps could read them. */
function jobProblems(lines: readonly string[]): string[] {
  const first = lines.indexOf('jobs:') + 1;
  const starts = lines.flatMap((line, index) => (index >= first && /^ {2}[\w-]+:$/.test(line) ? [index] : []));
  return starts.flatMap((start, at) => {
    const job = lines.slice(start, starts[at + 1]);
    const problems: string[] = [];
    if (!job.some((line) => /^ {4}permissions:/.test(line))) problems.push('the job names no permissions');
    if (!job.some((line) => /^ {4}timeout-minutes: \d+$/.test(line))) problems.push('the job has no time limit');
    const checkouts = job.filter((line) => line.includes('actions/checkout@')).length;
    if (job.filter((line) => /^\s*persist-credentials: false$/.test(line)).length !== checkouts)
      problems.push('the checkout keeps its credentials');
    return problems.map((problem) => `${start + 1} ${problem}`);
  });
}
