// A chart that is also a table: the table is always there for screen readers, and for everybody at the press of a button.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { fill, rtl, t } from "./language";
import { Scrolling } from "./parts";

export interface Series {
  name: string;
  values: (number | null)[];
  /** Name of the token with its colour. */
  colour: string;
  dashed?: boolean;
}

export interface ChartProps {
  title: string;
  caption: string;
  /** Heading of the first column, and below it the names of the places: in full, and short for the axis. */
  place: string;
  places: string[];
  short: string[];
  series: Series[];
  /** Stacked bars, else lines. */
  stacked: boolean;
  format: (value: number | null) => string;
  axis: (value: number) => string;
  steps: { x: number[]; y: number[] };
  csv: ComponentChildren;
}

const HEIGHT = 240;

export function Chart(props: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  const [place, setPlace] = useState<number | null>(null);
  const [spoken, setSpoken] = useState("");
  const shown = place !== null && place < props.places.length ? place : null;
  const speak = (at: number): void =>
    setSpoken(`${props.places[at]}: ${props.series.map((one) => `${one.name} ${props.format(one.values[at] ?? null)}`).join(", ")}`);
  return (
    <figure class="chart">
      <figcaption>
        <h3>{props.title}</h3>
        <span class="tools">
          <button type="button" class="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>{t.asTable}</button>
          {props.csv}
        </span>
      </figcaption>
      {!asTable && (
        <>
          <Legend series={props.series} lines={!props.stacked} format={props.format} place={shown} label={shown === null ? "" : props.places[shown] ?? ""} />
          <Plot {...props} onPlace={setPlace} onStep={speak} at={shown} />
        </>
      )}
      <p class="unseen" aria-live="polite">{spoken}</p>
      <div class={asTable ? "" : "unseen"}>
        <Table {...props} scrolls={asTable} />
      </div>
    </figure>
  );
}

interface LegendProps {
  series: Series[];
  lines: boolean;
  format: ChartProps["format"];
  place: number | null;
  label: string;
}

function Legend({ series, lines, format, place, label }: LegendProps) {
  return (
    <div class="legend" aria-hidden="true">
      <ul>
        {series.map((one) => (
          <li key={one.name}>
            <i class={lines ? (one.dashed ? "line dashed" : "line") : "swatch"} style={{ "--colour": `var(${one.colour})` }} />
            {one.name}
            {place !== null && <b>{format(one.values[place] ?? null)}</b>}
          </li>
        ))}
      </ul>
      <p class="muted">{label}</p>
    </div>
  );
}

function Table({ caption, place, places, series, format, scrolls }: ChartProps & { scrolls: boolean }) {
  const table = (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{place}</th>
          {series.map((one) => <th scope="col" key={one.name}>{one.name}</th>)}
        </tr>
      </thead>
      <tbody>
        {places.map((name, at) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {series.map((one) => <td key={one.name}>{format(one.values[at] ?? null)}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
  return scrolls ? <Scrolling label={caption}>{table}</Scrolling> : table;
}

type PlotProps = ChartProps & { onPlace: (at: number | null) => void; onStep: (at: number) => void; at: number | null };

function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(props, element), data(props), element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const looks = ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"].map((query) => matchMedia(query));
    for (const look of looks) look.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      for (const look of looks) look.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [props.places, props.series]);

  const step = (event: KeyboardEvent): void => {
    const last = props.places.length - 1;
    const forward = rtl ? "ArrowLeft" : "ArrowRight";
    const now = props.at;
    const next =
      event.key === "Home" ? 0
      : event.key === "End" ? last
      : event.key === forward ? Math.min(last, (now ?? -1) + 1)
      : event.key === "ArrowLeft" || event.key === "ArrowRight" ? Math.max(0, (now ?? last + 1) - 1)
      : null;
    if (next === null || !plot.current) return;
    event.preventDefault();
    plot.current.setCursor({ left: plot.current.valToPos(next, "x"), top: 1 });
    props.onStep(next);
  };
  return <div class="plot" ref={box} tabIndex={0} role="img" aria-label={fill(t.chartHint, { name: props.caption })} onKeyDown={step} />;
}

/** Places are numbered, so that no clock change can bend the axis; stacked values are sums of those below. */
function data({ places, series, stacked }: ChartProps): uPlot.AlignedData {
  const x = places.map((_, at) => at);
  if (!stacked) return [x, ...series.map((one) => one.values)];
  const tops = series.map((_, upTo) =>
    x.map((at) => series.slice(0, upTo + 1).reduce((sum, one) => sum + (one.values[at] ?? 0), 0)),
  );
  return [x, ...tops.reverse()];
}

function options(props: PlotProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const count = props.places.length;
  const drawn = props.stacked ? [...props.series].reverse() : props.series;
  const common = { font, stroke: token("--oh-muted"), ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 8],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !props.stacked, size: 7 } },
    scales: {
      x: { time: false, dir: rtl ? -1 : 1, range: () => [-0.6, count - 0.4] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...common,
        grid: { show: false },
        incrs: props.steps.x,
        space: 58,
        size: 28,
        values: (_plot, splits) => splits.map((at) => props.short[at] ?? ""),
      },
      {
        ...common,
        side: rtl ? 1 : 3,
        grid: { stroke: token("--oh-line"), width: 1 },
        incrs: props.steps.y,
        space: 40,
        size: (_plot, values) => 14 + Math.max(16, ...(values ?? []).map((text) => text.length * 6.6)),
        values: (_plot, splits) => splits.map((value) => props.axis(value)),
      },
    ],
    series: [{}, ...drawn.map((one) => (props.stacked ? bar(token(one.colour), count) : line(token(one.colour), one.dashed, count)))],
    hooks: { setCursor: [(plot) => props.onPlace(plot.cursor.idx ?? null)] },
  };
}

function bar(colour: string, count: number): uPlot.Series {
  const paths = uPlot.paths.bars?.({ size: [count > 60 ? 0.9 : 0.68, 48] });
  return { fill: colour, stroke: colour, width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
}

function line(colour: string, dashed: boolean | undefined, count: number): uPlot.Series {
  return { stroke: colour, width: 2, spanGaps: false, points: { show: count < 32, size: 5, fill: colour }, ...(dashed ? { dash: [6, 4] } : {}) };
}
