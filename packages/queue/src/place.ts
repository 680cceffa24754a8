/**
 * Where a job waits besides the line of all others: `p<class>` for a priority, `g<groupId>` for a group; undefined for nearly all.
 * The scripts read it, so this form is part of the key layout.
 */
export type Place = string;

/** The class of a job that has none; of ten, as in Jakarta Messaging (JMSPriority: 0 to 9, 4 by default). */
export const DEFAULT_PRIORITY = 4;
export const PRIORITY_MAX = 9;

export function placeOf(priority: number | undefined, groupId: string | undefined): Place | undefined {
  if (groupId !== undefined) return `g${groupId}`;
  return priority === undefined || priority === DEFAULT_PRIORITY ? undefined : `p${priority}`;
}

/** The group of a place; undefined where it is none. */
export function groupOf(place: Place | undefined): string | undefined {
  return place?.startsWith('g') === true ? place.slice(1) : undefined;
}

/** The class of a place; a group is in that of all others. */
export function priorityOf(place: Place | undefined): number {
  return place?.startsWith('p') === true ? Number(place.slice(1)) : DEFAULT_PRIORITY;
}
