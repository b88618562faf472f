// Weekday and hour: a table whose cells are the darker the larger their figure.
import { signal } from "@preact/signals";
import { query } from "./address";
import type { Figures, Report } from "./api";
import { count, stretch, tight, weekday } from "./format";
import { fill, t } from "./language";
import { useAnswer } from "./load";
import { Csv, Scrolling, Section, Waiting } from "./parts";

type What = keyof typeof t.hoursOf;
const WHATS: What[] = ["wait", "handovers", "abandoned"];
const what = signal<What>("wait");

const WIDE = matchMedia("(min-width: 1200px)");
const wide = signal(WIDE.matches);
WIDE.addEventListener("change", () => {
  wide.value = WIDE.matches;
});

const HOURS = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);
const DAYS = [1, 2, 3, 4, 5, 6, 7];

function figure(figures: Figures): number | null {
  if (what.value === "wait") return figures.time_to_agent_s.p50;
  return what.value === "handovers" ? figures.handovers : figures.abandoned;
}

export function Hours() {
  const answer = useAnswer<Report>(`handovers?${query({ group_by: "weekday_hour", containment: "false" })}`);
  const caption = fill(t.hoursCaption, { what: t.hoursOf[what.value] });
  const tools = (
    <span class="tools">
      <select aria-label={t.hours} value={what.value} onChange={(event) => (what.value = event.currentTarget.value as What)}>
        {WHATS.map((name) => <option key={name} value={name}>{t.hoursOf[name]}</option>)}
      </select>
      <Csv path={`handovers.csv?${query({ group_by: "weekday_hour" })}`} name={caption} />
    </span>
  );
  return (
    <Section id="hours" title={t.hours} tools={tools}>
      {answer.data ? <Heat report={answer.data} caption={caption} /> : <Waiting answer={answer} />}
    </Section>
  );
}

function Heat({ report, caption }: { report: Report; caption: string }) {
  const found = new Map(report.items.map((item) => [item.key, item.figures]));
  const most = Math.max(1, ...report.items.map((item) => figure(item.figures) ?? 0));
  const hour = (name: string) => <th scope={wide.value ? "col" : "row"} key={name}>{wide.value ? name.slice(0, 2) : name}</th>;
  const day = (number: number) => (
    <th scope={wide.value ? "row" : "col"} key={number}><abbr title={weekday(number, "long")}>{weekday(number, "short")}</abbr></th>
  );
  const cell = (number: number, name: string) => <Cell key={`${number} ${name}`} figures={found.get(`${number} ${name}`)} most={most} />;
  return (
    <>
      <Scrolling label={caption}>
        <table class="heat">
          <caption>{caption}</caption>
          <thead>
            <tr><td />{wide.value ? HOURS.map(hour) : DAYS.map(day)}</tr>
          </thead>
          <tbody>
            {wide.value
              ? DAYS.map((number) => <tr key={number}>{day(number)}{HOURS.map((name) => cell(number, name))}</tr>)
              : HOURS.map((name) => <tr key={name}>{hour(name)}{DAYS.map((number) => cell(number, name))}</tr>)}
          </tbody>
        </table>
      </Scrolling>
      <p class="heat-key muted" aria-hidden="true">
        {t.less} <i style={{ "--heat": 0.05 }} /><i style={{ "--heat": 0.35 }} /><i style={{ "--heat": 0.65 }} /><i style={{ "--heat": 1 }} /> {t.moreOf}
      </p>
    </>
  );
}

function Cell({ figures, most }: { figures: Figures | undefined; most: number }) {
  const value = figures ? figure(figures) : null;
  if (!figures || value === null) return <td class="none" />;
  const timed = what.value === "wait";
  const all = `${t.tiles.handovers}: ${count(figures.handovers)}`;
  return (
    <td class={value ? "" : "none"} style={{ "--heat": value / most }} title={timed ? `${stretch(value)} · ${all}` : all}>
      {timed ? tight(value) : count(value)}
    </td>
  );
}
