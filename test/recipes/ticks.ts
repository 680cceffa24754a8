import type { ScheduleDefinition, Scheduler } from '@nines/queue/schedules';

/** Makes the schedules of a queue those that the code names: adds, changes, and ends what is not named any more. Call it at each start. */
export async function keepSchedules<Payload>(
  scheduler: Scheduler<Payload>,
  wanted: Readonly<Record<string, readonly [ScheduleDefinition, Payload]>>,
): Promise<void> {
  for (const [name, [definition, payload]] of Object.entries(wanted)) await scheduler.upsert(name, definition, payload);
  for (const { name } of await scheduler.list()) if (!Object.hasOwn(wanted, name)) await scheduler.remove(name);
}

/** When the tick was that a job is of; a job that comes late or again still knows its day. */
export function tickOf(jobId: string): Date {
  return new Date(Number(jobId.slice(jobId.lastIndexOf('@') + 1)));
}
