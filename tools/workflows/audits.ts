/** What zizmor and its like look for in a workflow that deploys, each with its line: what gives a foreign change more than it must have. */
export function auditWorkflow(text: string): string[] {
  const lines = text.split('\n');
  const problems = lines.flatMap((line, index) => lineAudits(line).map((problem) => `${index + 1} ${problem}`));
  return [...problems, ...jobs(lines).flatMap(jobAudits)];
}

interface Job {
  readonly line: number;
  readonly lines: readonly string[];
}

const LINES: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/^\s*(pull_request_target|workflow_run|issue_comment):/, 'a trigger that runs with rights which a foreign change must not have'],
  [/\$\{\{[^}]*\bsecrets\b|secrets: inherit/, 'a secret: identities and the token of the run are enough'],
  [/\b(credentials_json|service_account_key)\b/, 'a key of Google Cloud: the identity of the run is enough'],
  [/\b(curl|wget)\b.*\| *(sudo +)?(ba)?sh\b/, 'a program from the network goes straight into a shell'],
  [/ACTIONS_ALLOW_UNSECURE_COMMANDS|::set-env|>> *"?\$GITHUB_(ENV|PATH)/, 'the environment of later steps is written by a command'],
  [/^\s*(image|node_image): (?!.*@sha256:[0-9a-f]{64}$)/, 'an image without its digest'],
  [/^\s*runs-on: .*(-latest|self-hosted)/, 'a runner without its version'],
  [/^\s*continue-on-error: true/, 'a failure that nobody sees'],
  [/^\s*shell: (?!bash$)/, 'another shell than bash'],
  [
    /github\.(triggering_)?actor *[!=]=/,
    'whoever acts last is asked who they are: a foreign change can be made to look like a robot of ours',
  ],
  [/\bcontains\( *'[^']*',/, 'a part of the text counts as the whole: compare with ==, or with fromJSON of a list'],
  [/^\s*(- )?if: (?!\$\{\{[^}]*\}\}$).*\$\{\{/, 'a condition that is text, and so always true'],
  [/^\s*ref: .*github\.(head_ref|event\.pull_request\.head)/, 'code of a foreign change is checked out by name'],
  [/^\s*path: (\.\/?|\*\*?|\$\{\{ *github\.workspace *\}\})$/, 'the whole checkout is handed on, with whatever is in it'],
  [/@latest\b|\bnpx (-y|--yes)\b(?!.*@\d)/, 'a tool of whatever version is the newest'],
];

function lineAudits(line: string): string[] {
  return LINES.flatMap(([pattern, problem]) => (pattern.test(line) && !/^\s*#/.test(line) ? [problem] : []));
}

function jobs(lines: readonly string[]): Job[] {
  const first = lines.indexOf('jobs:') + 1;
  const starts = lines.flatMap((line, index) => (index >= first && /^ {2}[\w-]+:$/.test(line) ? [index] : []));
  return starts.map((start, at) => ({ line: start + 1, lines: lines.slice(start, starts[at + 1]) }));
}

/** A job that may write, or that can say who it is, is worth stealing: it restores no cache, and an environment guards its identity. */
function jobAudits({ line, lines }: Job): string[] {
  const has = (pattern: RegExp): boolean => lines.some((one) => pattern.test(one));
  const problems: string[] = [];
  const writes = has(/^ {6}[\w-]+: write\b/);
  const caches = has(/^\s*cache: /) || has(/uses: actions\/cache/);
  const installs = has(/uses: actions\/setup-node@/) && !has(/^\s*package-manager-cache: false$/);
  if (writes && (caches || installs)) problems.push('a job that may write restores a cache, which another job may have filled');
  if (has(/^ {6}id-token: write\b/) && !has(/^ {4}environment:/))
    problems.push('an identity without an environment: nothing says on which branch it may be used');
  return problems.map((problem) => `${line} ${problem}`);
}
