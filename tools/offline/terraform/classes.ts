/**
 * Reads the classes that cdktf generated from the real provider's schema: plain, regular text, so nothing of the package is run.
 * What cannot be read is an error, never a guess: a type that we do not know must not let a wrong attribute pass.
 */
export interface Classes {
  /** The declarations: which arguments there are, of which type, and which are required. */
  readonly declarations: string;
  /** The code: whether an argument is a block, a list or a set, and what is computed only. */
  readonly code: string;
}

export interface Argument {
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
  readonly block: boolean;
  readonly collection: string;
}

export interface Computed {
  readonly name: string;
  /** `String`, `Number`, … of the getter, or the class that wraps the value. */
  readonly type: string;
  readonly set: boolean;
}

/** The arguments of one interface: `StorageBucketConfig`, `StorageBucketVersioning`. */
export function argumentsOf({ declarations, code }: Classes, owner: string): Argument[] {
  const start = new RegExp(`^export interface ${owner}( extends [\\w.]+)? \\{$`, 'm').exec(declarations);
  if (start === null) throw new Error(`the interface ${owner} is not in the package`);
  const body = declarations.slice(start.index, declarations.indexOf('\n}', start.index));
  const kinds = kindsOf(code, owner);
  const found = [
    ...body.matchAll(/\{@link [^ }]+#(\w+) [^}]*\}(?:(?!readonly |\{@link )[^])*?readonly \w+(\??): ((?:\{[^}]*\}|[^;])+);/g),
  ].map((match) => {
    const [, name = '', optional, type = ''] = match;
    const kind = kinds.get(name);
    if (kind === undefined) throw new Error(`${owner} says nothing about how ${name} is written`);
    return { name, required: optional === '', type: type.replace(/ \| cdktf\.IResolvable/g, '').replace(/\s+/g, ' '), ...kind };
  });
  if (found.length !== kinds.size) throw new Error(`${owner} has ${kinds.size} arguments, and ${found.length} could be read`);
  return found;
}

function kindsOf(code: string, owner: string): Map<string, { block: boolean; collection: string }> {
  const own = code.indexOf(`function ${owner[0]?.toLowerCase()}${owner.slice(1)}ToHclTerraform(`);
  const start = own === -1 && owner.endsWith('Config') ? code.lastIndexOf('synthesizeHclAttributes() {') : own;
  if (start === -1) throw new Error(`${owner} has no function that writes it`);
  const body = code.slice(start, code.indexOf(own === -1 ? '\n    }\n' : '\n}', start));
  const entries = body.matchAll(/^ {8,12}(\w+): \{\n\s+value: [^\n]+\n\s+isBlock: (true|false),\n\s+type: "(\w+)"/gm);
  return new Map([...entries].map(([, name = '', block, collection = '']) => [name, { block: block === 'true', collection }]));
}

/** What only the provider can fill, of a resource's class or of a nested object's. */
export function computedOf({ code }: Classes, owner: string): Computed[] {
  const start = code.indexOf(`class ${owner} extends `);
  if (start === -1) throw new Error(`the class ${owner} is not in the package`);
  const body = code.slice(start, code.indexOf('\n}', start));
  const marks = body.matchAll(/\/\/ (\w+) - computed: true, optional: false, required: false\n([^]*?);\n/g);
  return [...marks].map(([, name = '', statement = '']) => {
    const wrapped = /new (?:\w+\.)*(\w+)\(this, "\w+"(, true)?/.exec(statement);
    const type = wrapped?.[1] ?? /this\.get(\w+)Attribute\(/.exec(statement)?.[1];
    if (type === undefined) throw new Error(`${owner}.${name} is computed in a way that is not known here`);
    return { name, type, set: wrapped?.[2] !== undefined || statement.includes('tolist') };
  });
}
