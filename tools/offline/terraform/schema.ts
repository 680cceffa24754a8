import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argumentsOf, computedOf, type Argument, type Classes, type Computed } from './classes.ts';

/**
 * Builds the google provider's schema from the classes generated from it, for the types that a configuration names.
 * A type that the package does not have stays absent, so that Terraform refuses it as it would with the real provider.
 */
export interface Attribute {
  readonly name: string;
  /** Terraform's type in JSON: `"string"`, `["list","string"]`, `["object",{…}]`. */
  readonly type: unknown;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
}

export interface NestedBlock {
  readonly name: string;
  readonly nesting: 'SINGLE' | 'LIST' | 'SET';
  readonly min: number;
  readonly max: number;
  readonly block: Block;
}

export interface Block {
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly NestedBlock[];
}

export interface ProviderSchema {
  readonly provider: Block;
  readonly resources: Readonly<Record<string, Block>>;
  readonly data: Readonly<Record<string, Block>>;
}

const SIMPLE: Readonly<Record<string, unknown>> = { string: 'string', number: 'number', boolean: 'bool' };
const GETTERS: Readonly<Record<string, unknown>> = {
  String: 'string',
  Number: 'number',
  Boolean: 'bool',
  StringMap: ['map', 'string'],
  BooleanMap: ['map', 'bool'],
  NumberMap: ['map', 'number'],
  NumberList: ['list', 'number'],
};

/** `library` is the package's `lib`; `text` is all of the configuration. */
export function schemaFor(library: string, text: string): ProviderSchema {
  const named = (kind: string): string[] => [
    ...new Set([...text.matchAll(new RegExp(`^${kind} "(google_\\w+)"`, 'gm'))].map(([, type = '']) => type)),
  ];
  const read = (types: string[], prefix: string): Record<string, Block> =>
    Object.fromEntries(
      types.flatMap((type) => {
        const folder = join(library, prefix + type.replace(/^google_/, '').replaceAll('_', '-'));
        return existsSync(folder) ? [[type, resourceOf(classesIn(folder))]] : [];
      }),
    );
  return {
    provider: resourceOf(classesIn(join(library, 'provider'))),
    resources: read(named('resource'), ''),
    data: read(named('data'), 'data-google-'),
  };
}

function classesIn(folder: string): Classes {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const textOf = (end: string): string =>
    files
      .filter((file) => file.endsWith(end))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
  return { declarations: textOf('.d.ts'), code: textOf('.js') };
}

function resourceOf(classes: Classes): Block {
  const name = /^class (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) /m.exec(classes.code)?.[1];
  if (name === undefined) throw new Error('no resource, data source or provider is in this folder of the package');
  return blockOf(classes, `${name}Config`, name);
}

function blockOf(classes: Classes, owner: string, output: string): Block {
  const given = argumentsOf(classes, owner);
  const known = classes.code.includes(`class ${output} extends `);
  return {
    attributes: [
      ...given.filter(({ block }) => !block).map((argument) => attributeOf(classes, argument)),
      ...(known ? computedOf(classes, output) : []).map((computed) => ({
        name: computed.name,
        type: computedType(classes, computed),
        required: false,
        optional: false,
        computed: true,
      })),
    ],
    blocks: given.filter(({ block }) => block).map((argument) => nestedOf(classes, argument)),
  };
}

/** Whether an optional attribute is also computed is not in the classes: it is taken to be, which lets a mock fill what was left out. */
function attributeOf(classes: Classes, argument: Argument): Attribute {
  const { name, required } = argument;
  return { name, type: argumentType(classes, argument), required, optional: !required, computed: !required };
}

function nestedOf(classes: Classes, { name, type, required, collection }: Argument): NestedBlock {
  const many = type.endsWith('[]');
  const struct = type.replace(/\[\]$/, '');
  const nesting = collection === 'set' ? 'SET' : collection === 'struct' ? 'SINGLE' : 'LIST';
  const block = blockOf(classes, struct, `${struct}OutputReference`);
  return { name, nesting, min: required && nesting !== 'SINGLE' ? 1 : 0, max: many || nesting === 'SINGLE' ? 0 : 1, block };
}

function argumentType(classes: Classes, { name, type, collection }: Argument): unknown {
  if (type in SIMPLE) return SIMPLE[type];
  const map = /^\{ \[key: string\]: (\w+)(?: \| cdktf\.IResolvable)?; \}$/.exec(type)?.[1];
  if (map !== undefined && map in SIMPLE) return ['map', SIMPLE[map]];
  const element = /^(?:Array<(\w+)>|(\w+)\[\])$/.exec(type);
  const inner = element?.[1] ?? element?.[2] ?? type;
  const kind = collection === 'set' ? 'set' : 'list';
  if (inner in SIMPLE) return [kind, SIMPLE[inner]];
  if (!/^[A-Z]\w+$/.test(inner)) throw new Error(`${name} is of the type ${type}, which is not known here`);
  return [kind, objectType(blockOf(classes, inner, `${inner}OutputReference`))];
}

function computedType(classes: Classes, { name, type, set }: Computed): unknown {
  const kind = set ? 'set' : 'list';
  if (type in GETTERS) return GETTERS[type];
  if (type === 'List') return [kind, 'string'];
  const struct = /^(\w+)List$/.exec(type)?.[1];
  if (struct === undefined) throw new Error(`${name} is computed as ${type}, which is not known here`);
  if (struct === 'StringMap') return [kind, ['map', 'string']];
  return [kind, objectType(blockOf(classes, struct, `${struct}OutputReference`))];
}

function objectType({ attributes, blocks }: Block): unknown {
  const fields = attributes.map(({ name, type }) => [name, type]);
  const nested = blocks.map(({ name, nesting, block }) => [name, [nesting.toLowerCase(), objectType(block)]]);
  return ['object', Object.fromEntries([...fields, ...nested])];
}
