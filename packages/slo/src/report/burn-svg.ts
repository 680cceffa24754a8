import type { Slo } from '../objective.ts';
import type { AlertSeverity } from '../policy.ts';
import { allowedBad, remainingAt } from '../simulate/consumption.ts';
import type { EventHistory } from '../simulate/history.ts';
import { moment } from './moment.ts';

export interface BurnPicture {
  readonly slo: Slo;
  readonly history: EventHistory;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly marks: readonly { readonly seconds: number; readonly severity: AlertSeverity }[];
}

const width = 720;
const height = 240;
const left = 56;
const right = 12;
const top = 28;
const bottom = 28;
const points = 240;

/** The budget that is left over time, the incident shaded, each alert a line. Two decimals at most, so that the same data gives the same bytes. */
export function burnSvg({ slo, history, startSeconds, endSeconds, marks }: BurnPicture): string {
  const lead = (endSeconds - startSeconds) / 2;
  const last = history.startSeconds + (history.total.length - 1) * history.stepSeconds;
  const from = Math.max(history.startSeconds, startSeconds - lead);
  const to = Math.min(last, endSeconds + lead);
  const allowed = allowedBad(slo, history);
  const values = Array.from({ length: points + 1 }, (_, index) =>
    remainingAt(slo, history, allowed, from + ((to - from) * index) / points),
  );
  const low = Math.min(0, ...values);
  const high = Math.max(1, ...values);
  const x = (seconds: number) => short(left + ((width - left - right) * (seconds - from)) / (to - from));
  const y = (value: number) => short(top + ((height - top - bottom) * (high - value)) / (high - low));
  const line = values.map((value, index) => `${x(from + ((to - from) * index) / points)},${y(value)}`).join(' ');
  const shade = `<rect class="incident" x="${x(startSeconds)}" y="${top}" width="${short(x(endSeconds) - x(startSeconds))}" height="${height - top - bottom}"/>`;
  const title = `${escape(slo.service)} ${escape(slo.name)}: error budget left`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    '<style>text{font:12px sans-serif;fill:#444}.incident{fill:#d33;opacity:.12}.left{fill:none;stroke:#0a6;stroke-width:2}.zero{stroke:#999}.page{stroke:#d33}.ticket{stroke:#c80;stroke-dasharray:4 3}</style>',
    `<text x="${left}" y="16">${title}</text>`,
    shade,
    `<line class="zero" x1="${left}" x2="${width - right}" y1="${y(0)}" y2="${y(0)}"/>`,
    ...[0, 0.5, 1].map((value) => `<text x="${left - 8}" y="${short(y(value) + 4)}" text-anchor="end">${value * 100} %</text>`),
    ...marks.map(
      ({ seconds, severity }) => `<line class="${severity}" x1="${x(seconds)}" x2="${x(seconds)}" y1="${top}" y2="${height - bottom}"/>`,
    ),
    `<polyline class="left" points="${line}"/>`,
    `<text x="${left}" y="${height - 8}">${moment('from', Math.round(from) * 1_000)}</text>`,
    `<text x="${width - right}" y="${height - 8}" text-anchor="end">${moment('to', Math.round(to) * 1_000)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function short(value: number): number {
  return Math.round(value * 100) / 100;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
