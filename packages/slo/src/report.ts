/**
 * What people read about an objective: how it stands, what the budget policy says, what an incident did to it, and the post-mortem.
 * Pure: times are given, nothing reads a clock, and the same report gives the same bytes as Markdown and as JSON.
 *
 * @packageDocumentation
 */
export { decide } from './report/decide.ts';
export type { BudgetDecision, BudgetPolicy, Decision, DecisionReason } from './report/decide.ts';
export { incidentReport } from './report/incident.ts';
export type { IncidentMoment, IncidentOptions, IncidentReport, PolicyOutcome, TimelineEntry } from './report/incident.ts';
export { postMortem } from './report/post-mortem.ts';
export type { ActionItem, PostMortem, PostMortemOptions } from './report/post-mortem.ts';
export { toJson, toMarkdown } from './report/render.ts';
export type { AnyReport } from './report/render.ts';
export { sloReport } from './report/slo-report.ts';
export type { SloReport, SloReportOptions } from './report/slo-report.ts';
