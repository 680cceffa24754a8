import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { goldenSignalsDashboard, type Dashboard } from '@nines/slo/grafana';
import { ROOT } from '../workspace/packages.ts';
import type { CloudMonitoringDashboard, Tile } from './cloud-monitoring-dashboard.ts';
import { cloudMonitoring } from './cloud-monitoring.ts';
import { goldenSignals } from './golden-signals.ts';

const FOLDER = join(ROOT, 'deploy/dashboards');
const read = (path: string) => JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) as unknown;
const names = globSync('*.json', { cwd: FOLDER }).map((path) => basename(path));

const queriesOf = ({ widget: { xyChart, scorecard } }: Tile) =>
  [...(xyChart?.dataSets ?? []), ...(scorecard === undefined ? [] : [scorecard])].map(({ timeSeriesQuery }) => timeSeriesQuery);

const overlap = (a: Tile, b: Tile) => {
  const [ax, ay, bx, by] = [a.xPos ?? 0, a.yPos ?? 0, b.xPos ?? 0, b.yPos ?? 0];
  return ax < bx + b.width && bx < ax + a.width && ay < by + b.height && by < ay + a.height;
};

describe.each(names)('%s', (name) => {
  const grafana = read(name) as Dashboard;
  const { displayName, mosaicLayout } = read(`cloud-monitoring/${name}`) as CloudMonitoringDashboard;

  test('asks what the dashboard of Grafana asks, panel by panel', () => {
    expect(displayName).toBe(grafana.title);
    expect(mosaicLayout.tiles.map((tile) => [tile.widget.title, queriesOf(tile).map(({ prometheusQuery }) => prometheusQuery)])).toEqual(
      grafana.panels.map(({ title, targets = [] }) => [title, targets.map(({ expr }) => expr)]),
    );
    expect(grafana.panels.filter(({ type, targets = [] }) => type !== 'row' && targets.length === 0)).toEqual([]);
  });

  test('has one kind of widget in each tile, inside the grid, and no tile on another', () => {
    const { columns, tiles } = mosaicLayout;
    for (const { xPos = 0, width, height, widget } of tiles) {
      expect(Object.keys(widget)).toHaveLength(2);
      expect(xPos + width).toBeLessThanOrEqual(columns);
      expect(height).toBeGreaterThan(0);
    }
    expect(tiles.filter((tile, index) => tiles.slice(index + 1).some((other) => overlap(tile, other)))).toEqual([]);
  });
});

test('the lines at which an alert fires, and the colours of what is left, come along', () => {
  const { mosaicLayout } = read('cloud-monitoring/error-budgets.json') as CloudMonitoringDashboard;
  const [left] = mosaicLayout.tiles.flatMap(({ widget }) => widget.scorecard ?? []);
  expect(left?.thresholds).toEqual([
    { value: 0, color: 'RED', direction: 'BELOW' },
    { value: 0.25, color: 'YELLOW', direction: 'BELOW' },
  ]);
  const lines = mosaicLayout.tiles.flatMap(({ widget }) => widget.xyChart?.thresholds?.map(({ value }) => value) ?? []);
  expect(lines.slice(0, 4)).toEqual([1, 3, 6, 14.4]);
});

test('a unit that Cloud Monitoring has no name for is refused', () => {
  const [first] = goldenSignals;
  const odd = { ...first!, saturation: [{ title: 'furlongs', query: 'up', unit: 'furlongs' }] };
  expect(() => cloudMonitoring(goldenSignalsDashboard([odd]))).toThrow("no unit of Cloud Monitoring is known for Grafana's furlongs");
});

/** What the compiler says to these as literals of the type: a field that the type has not is refused, at any depth. */
function typeErrors(dashboards: readonly unknown[]): string[] {
  const cache = join(ROOT, 'node_modules/.cache/nines');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'dashboards-'));
  try {
    const type = `import('${join(ROOT, 'tools/generate/cloud-monitoring-dashboard')}').CloudMonitoringDashboard`;
    dashboards.forEach((one, index) =>
      writeFileSync(join(folder, `${index}.ts`), `export const made: ${type} = ${JSON.stringify(one, undefined, 1)};\n`),
    );
    const compilerOptions = { strict: true, noEmit: true, module: 'esnext', moduleResolution: 'bundler', types: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
    return [...stdout.matchAll(/(\d+)\.ts\(\d+,\d+\): error/g)].map(([, index]) => index!);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every field is one that the hand-written type knows; a misspelt one is not', () => {
  const made = names.map((name) => read(`cloud-monitoring/${name}`));
  const [first] = made as [CloudMonitoringDashboard];
  const text = JSON.stringify(first);
  const mistakes = ['"prometheusQuery"', '"plotType"', '"LINE"', '"columns":48', '"yAxis"'].map((part) =>
    text.replace(part, part.replace(/[a-zA-Z]|48/, 'Z')),
  );
  expect(typeErrors(made)).toEqual([]);
  expect(new Set(typeErrors(mistakes.map((one) => JSON.parse(one.replace('"columns":Z', '"columns":24')) as unknown)))).toEqual(
    new Set(Object.keys(mistakes)),
  );
});
