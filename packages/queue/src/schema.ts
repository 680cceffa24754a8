import { QueueError } from './errors.ts';

/** The part of the Standard Schema interface (version 1) that the queue uses; zod, valibot and arktype schemas have it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Checks a value; never throws for a wrong one. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value: the value that it made of it, or its faults. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One fault that a schema found. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type that a schema accepts. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];
/** The type that a schema gives back. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/**
 * Gives back the validated value, or a promise of it where the schema is asynchronous; without a schema, the value itself.
 *
 * @throws {QueueError} `INVALID_PAYLOAD` with one line per fault in `issues`; values are not quoted, for they may be secret.
 */
export function validate(schema: StandardSchema | undefined, queue: string, payload: unknown): unknown {
  if (schema === undefined) return payload;
  const result = schema['~standard'].validate(payload);
  return result instanceof Promise ? result.then((late) => accepted(late, queue)) : accepted(result, queue);
}

function accepted(result: SchemaResult<unknown>, queue: string): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map((issue) => `${pathOf(issue)}: ${issue.message}`);
  throw new QueueError('INVALID_PAYLOAD', `the payload for queue ${queue} does not match its schema: ${issues.join('; ')}`, { issues });
}

function pathOf({ path }: SchemaIssue): string {
  if (path === undefined || path.length === 0) return '(payload)';
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
