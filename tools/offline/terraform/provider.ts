import { join } from 'node:path';
import { loadPackageDefinition, Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Attribute, Block, NestedBlock, ProviderSchema } from './schema.ts';

/**
 * A provider that knows its schema and no cloud, for machines that can download none: Terraform itself then checks every argument.
 * It is attached to (`TF_REATTACH_PROVIDERS`), not installed: so one process serves all commands, and no lock file changes.
 */
export interface StandIn {
  /** The value of `TF_REATTACH_PROVIDERS`. */
  readonly reattach: string;
  close(): void;
}

const OPTIONS = { keepCase: true, longs: Number, defaults: true } as const;

export async function startProvider(schema: ProviderSchema): Promise<StandIn> {
  const server = new Server();
  const { tfplugin5 } = loadPackageDefinition(loadSync(join(import.meta.dirname, 'tfplugin5.proto'), OPTIONS)) as unknown as {
    tfplugin5: { Provider: { service: Parameters<Server['addService']>[0] } };
  };
  server.addService(tfplugin5.Provider.service, handlers(schema));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const address = { Network: 'tcp', String: `127.0.0.1:${port}` };
  const attached = { Protocol: 'grpc', ProtocolVersion: 5, Pid: process.pid, Test: true, Addr: address };
  return {
    reattach: JSON.stringify({ 'registry.terraform.io/hashicorp/google': attached }),
    close: () => server.forceShutdown(),
  };
}

function handlers({ provider, resources, data }: ProviderSchema): Record<string, UntypedHandleCall> {
  const all = (blocks: Readonly<Record<string, Block>>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(blocks).map(([type, block]) => [type, encodeSchema(block)]));
  const answer = { provider: encodeSchema(provider), resource_schemas: all(resources), data_source_schemas: all(data) };
  return {
    GetSchema: respond(() => answer),
    PrepareProviderConfig: respond(({ config }) => ({ prepared_config: config })),
    // Terraform has compared the configuration with the schema before it asks; the real provider's own checks are not here.
    ValidateResourceTypeConfig: respond(() => ({})),
    ValidateDataSourceConfig: respond(() => ({})),
    Stop: respond(() => ({})),
  };
}

interface Request {
  readonly config?: unknown;
}

function respond(answer: (request: Request) => object): UntypedHandleCall {
  return (call: { request: Request }, done: (error: null, response: object) => void): void => done(null, answer(call.request));
}

function encodeSchema(block: Block): object {
  return { version: 0, block: encodeBlock(block) };
}

function encodeBlock({ attributes, blocks }: Block): object {
  return { version: 0, attributes: attributes.map(encodeAttribute), block_types: blocks.map(encodeNested) };
}

function encodeAttribute({ type, ...attribute }: Attribute): object {
  return { ...attribute, type: Buffer.from(JSON.stringify(type)) };
}

function encodeNested({ name, nesting, min, max, block }: NestedBlock): object {
  return { type_name: name, nesting, min_items: min, max_items: max, block: encodeBlock(block) };
}
