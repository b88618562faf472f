// Two charts over the period: how handovers ended, and how long people waited. By day, or for a single day by hour.
import { useMemo } from "preact/hooks";
import { filter, query } from "./address";
import type { Figures, Report } from "./api";
import { Chart, type Series } from "./chart";
import { count, longDay, roughly, shortDay, stretch } from "./format";
import { t } from "./language";
import { Csv } from "./parts";
import { days } from "./period";

const STEPS = {
  day: [1, 2, 7, 14, 28, 56, 112, 365],
  hour: [1, 2, 3, 4, 6, 12],
  counts: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000],
  seconds: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800],
};

/** Whether a single day is in view. */
export const scale = (): "day" | "hour" => (filter.value.from === filter.value.to ? "hour" : "day");

const hours = (): string[] => Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);

export function OverTime({ report }: { report: Report }) {
  const by = scale();
  const { from, to } = filter.value;
  const made = useMemo(() => {
    const keys = by === "hour" ? hours() : days(from.slice(0, 10), to.slice(0, 10));
    const found = new Map(report.items.map((item) => [item.key, item.figures]));
    return { keys, found };
  }, [report]);
  const outcomes = useMemo(() => outcomeSeries(made.keys, made.found), [made]);
  const waits = useMemo(() => waitSeries(made.keys, made.found), [made]);
  const places = useMemo(() => (by === "hour" ? made.keys : made.keys.map(longDay)), [made]);
  const short = useMemo(() => (by === "hour" ? made.keys : made.keys.map(shortDay)), [made]);
  const shared = { place: by === "hour" ? t.hour : t.day, places, short };
  return (
    <div class="charts">
      <Chart
        {...shared}
        title={t.outcomes}
        caption={t.outcomesBy[by]}
        series={outcomes}
        stacked
        format={(value) => count(value ?? 0)}
        axis={count}
        steps={{ x: STEPS[by], y: STEPS.counts }}
        csv={<Csv path={`handovers.csv?${query({ group_by: by })}`} name={t.outcomesBy[by]} />}
      />
      <Chart
        {...shared}
        title={t.waits}
        caption={t.waitsBy[by]}
        series={waits}
        stacked={false}
        format={stretch}
        axis={roughly}
        steps={{ x: STEPS[by], y: STEPS.seconds }}
        csv={<Csv path={`handovers.csv?${query({ group_by: by })}`} name={t.waitsBy[by]} />}
      />
    </div>
  );
}

type Found = Map<string | null, Figures>;

function outcomeSeries(keys: string[], found: Found): Series[] {
  const of = (name: string, colour: string, value: (figures: Figures) => number): Series => ({
    name,
    colour,
    values: keys.map((key) => {
      const figures = found.get(key);
      return figures ? value(figures) : 0;
    }),
  });
  const all = [
    of(t.statuses["completed"] ?? "", "--series-1", (figures) => figures.completed),
    of(t.statuses["transferred"] ?? "", "--series-2", (figures) => figures.transferred),
    of(t.statuses["cancelled"] ?? "", "--series-3", (figures) => figures.cancelled),
    of(t.statuses["error"] ?? "", "--series-4", (figures) => figures.error),
    of(t.statuses["open"] ?? "", "--series-rest", (figures) => figures.open),
  ];
  return all.filter((one) => one.values.some((value) => value));
}

function waitSeries(keys: string[], found: Found): Series[] {
  return [
    { name: t.waitHalf, colour: "--series-1", values: keys.map((key) => found.get(key)?.time_to_agent_s.p50 ?? null) },
    { name: t.waitMost, colour: "--series-3-line", dashed: true, values: keys.map((key) => found.get(key)?.time_to_agent_s.p90 ?? null) },
  ];
}
