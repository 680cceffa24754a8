import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { mismatch, type Program } from '../../tools/stranger/readme.ts';
import { strangerEnv } from '../../tools/stranger/stranger.ts';
import { typescriptCompiler } from '../../tools/stranger/toolchains.ts';
import { run } from '../../tools/workspace/run.ts';

const programs = inject('programs');
const folder = join(inject('strangerFolder'), 'readme');

/** Each document has a folder, so that its programs may import those that have a name. */
const folderOf = ({ file }: Program) => file.replaceAll(/[^\w]+/g, '-');
const fileOf = (program: Program) => `${folderOf(program)}/${program.name ?? `line-${program.line}.ts`}`;

let complaints = '';

beforeAll(async () => {
  for (const program of programs) {
    mkdirSync(join(folder, folderOf(program)), { recursive: true });
    writeFileSync(join(folder, fileOf(program)), program.code);
  }
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*/*.ts'] }));
  const compiler = (await typescriptCompiler('7')) ?? '';
  complaints =
    programs.length === 0
      ? ''
      : (await run([process.execPath, compiler, '-p', folder, '--pretty', 'false'], { env: strangerEnv() })).output;
});

/** Each program has a database of its own when the Redis is ours to divide. */
function redisUrl(index: number): string | undefined {
  if (inject('packedRedisUrl') === '') return undefined;
  const url = new URL(inject('packedRedisUrl'));
  if (url.pathname.length <= 1) url.pathname = `/${index % 16}`;
  return url.href;
}

test('at least one document shows a program', () => {
  expect(programs.length).toBeGreaterThan(0);
});

test.for(programs.map((program, index) => [`${program.file}:${program.line}`, program, index] as const))(
  'the program at %s type-checks, runs and prints what is shown',
  async ([, program, index], { skip }) => {
    skip(inject('packedRedisUrl') === '' && program.code.includes('REDIS_URL'), 'there is no Redis here');
    const name = fileOf(program);
    expect(complaints.split('\n').filter((line) => line.includes(name))).toEqual([]);
    const env = { ...strangerEnv(), REDIS_URL: redisUrl(index) };
    const { status, output } = await run([process.execPath, name], {
      cwd: folder,
      env,
      timeoutMs: 60_000,
      terminateOn: 'stop me with SIGTERM',
    });
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(program.prints === undefined ? undefined : mismatch(program.prints, output)).toBeUndefined();
  },
);
