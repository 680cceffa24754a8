import type { Redis } from 'ioredis';

/** What Redis counts about itself. */
export interface Counters {
  readonly cpuUs: number;
  readonly commands: number;
  readonly netBytes: number;
  readonly memoryBytes: number;
  readonly aofBytes: number;
  readonly clients: number;
  readonly keys: number;
}

export async function readCounters(admin: Redis): Promise<Counters> {
  const info = await admin.info();
  const value = (field: string) => Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    cpuUs: (value('used_cpu_user') + value('used_cpu_sys')) * 1e6,
    commands: value('total_commands_processed'),
    netBytes: value('total_net_input_bytes') + value('total_net_output_bytes'),
    memoryBytes: value('used_memory'),
    aofBytes: value('aof_current_size'),
    clients: value('connected_clients'),
    keys: await admin.dbsize(),
  };
}

/** Runs the work between two looks; resolves to what it came to and to what Redis counted meanwhile. */
export async function counting<T>(admin: Redis, work: () => Promise<T>): Promise<{ readonly result: T; readonly spent: Counters }> {
  const before = await readCounters(admin);
  const result = await work();
  const after = await readCounters(admin);
  const names = Object.keys(before) as (keyof Counters)[];
  const spent = Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as Counters;
  return { result, spent };
}
