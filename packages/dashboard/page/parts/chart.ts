import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { axisMarks, money, shortCount } from '../format.js';
import { html } from '../html.js';
import { Table } from './basics.js';

/** One line or one part of a stack. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly isDashed?: boolean;
}

interface ChartProps {
  /** What it shows, in a sentence: it stands for the picture where it cannot be seen. */
  readonly summary: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly unit: 'usd' | 'count';
  readonly isStacked?: boolean;
  /** Names of the times, for the table. */
  readonly labels: readonly string[];
}

const height = 260;

/** Colours of a theme, as the style sheet has them. */
function colours(): { ink: string; grid: string; series: string[] } {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    ...{ ink: of('--ink-soft'), grid: of('--line') },
    series: Array.from({ length: 11 }, (_, index) => of(`--series-${index}`)),
  };
}

/** A chart, and the table that it is a picture of. */
export function Chart(props: ChartProps): VNode {
  const { summary, series, labels, unit } = props;
  const place = useRef<HTMLDivElement>(null);
  const shown = unit === 'usd' ? money : shortCount;
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    let chart = drawn(element, props);
    const redraw = (): void => {
      chart.destroy();
      chart = drawn(element, props);
    };
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    const theme = matchMedia('(prefers-color-scheme: dark)');
    theme.addEventListener('change', redraw);
    addEventListener('tollgate-theme', redraw);
    return () => {
      observer.disconnect();
      theme.removeEventListener('change', redraw);
      removeEventListener('tollgate-theme', redraw);
      chart.destroy();
    };
  }, [JSON.stringify(props)]);
  const columns = [
    { name: 'Time', of: (row: number) => labels[row] ?? '' },
    ...series.map(({ name, values }) => ({
      name,
      isNumber: true,
      of: (row: number) => (values[row] === null || values[row] === undefined ? '–' : shown(values[row])),
    })),
  ];
  return html`<figure>
    <div ref=${place} role="img" aria-label=${summary} class="chart"></div>
    <ul class="legend" aria-hidden="true">${series.map(
      ({ name, isDashed }, index) =>
        html`<li class=${`series-${index % 11}${isDashed ? ' dashed' : ''}`}>${name}</li>`,
    )}</ul>
    <details><summary>Show as a table</summary>
      <${Table} caption=${summary} columns=${columns} rows=${[...labels.keys()]} keyOf=${(row: number) => String(row)} />
    </details>
  </figure>`;
}

function drawn(element: HTMLElement, { times, series, unit, isStacked }: ChartProps): uPlot {
  const { ink, grid, series: palette } = colours();
  const rows = isStacked ? stacked(series) : series.map(({ values }) => [...values]);
  const bars = uPlot.paths.bars?.({ size: [0.7, 60] });
  const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
  const options: uPlot.Options = {
    ...{ width: Math.max(200, element.clientWidth), height },
    cursor: { drag: { setScale: false } },
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    scales: {
      x: { time: true, range: (_, first, last) => padded(first, last, times.length) },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.05 : 1] },
    },
    axes: [
      { ...axis, values: (_, marks) => marks.map(dayOf) },
      { ...axis, size: 70, values: (_, marks) => axisMarks(marks, unit) },
    ],
    series: [
      {},
      ...series.map(({ name, isDashed }, index) => ({
        label: name,
        stroke: palette[index % 11] ?? ink,
        width: isStacked ? 0 : 2,
        ...(isStacked && { fill: palette[index % 11] ?? ink }),
        ...(isDashed && { dash: [6, 4] }),
        ...(isStacked && bars && { paths: bars }),
        points: { show: false },
      })),
    ],
  };
  const data = [[...times], ...rows] as uPlot.AlignedData;
  if (!isStacked) return new uPlot(options, data, element);
  // The whole stack is drawn first, its parts over it.
  const [x, ...parts] = options.series;
  options.series = [x ?? {}, ...parts.reverse()];
  return new uPlot(options, [data[0], ...rows.reverse()] as uPlot.AlignedData, element);
}

/** Bars at both ends need half of their width more. */
function padded(first: number, last: number, count: number): [number, number] {
  const half = count > 1 ? (last - first) / (count - 1) / 2 : 43_200;
  return [first - half, last + half];
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
const dayOf = (seconds: number): string => dayFormat.format(seconds * 1_000);

/** Each series with those before it below. */
function stacked(series: readonly Series[]): (number | null)[][] {
  const sums: number[] = [];
  return series.map(({ values }) =>
    values.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return sums[index];
    }),
  );
}
