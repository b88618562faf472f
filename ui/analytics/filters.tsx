// The period and what the page is narrowed to.
import { useState } from "preact/hooks";
import { change, filter, NARROWED, narrow, period, reset, type Narrowed } from "./address";
import type { Values } from "./api";
import { named } from "./breakdown";
import { range } from "./format";
import { fill, t } from "./language";
import { useAnswer } from "./load";
import { PRESETS, zones, type Preset } from "./period";

const CHOSEN = ["status", "medium", "provider", "channel", "language", "agent"] as const;
const STATUSES = ["open", "completed", "cancelled", "error", "transferred"];
const MEDIA = ["text", "voice"];
const ZONES = zones();

export function Filters() {
  const { data } = useAnswer<Values>(`values?${period()}`);
  const known: Record<(typeof CHOSEN)[number], string[]> = {
    status: STATUSES,
    medium: MEDIA,
    provider: data?.providers ?? [],
    channel: data?.channels ?? [],
    language: data?.languages ?? [],
    agent: data?.agents ?? [],
  };
  const narrowed = NARROWED.filter((name) => filter.value.by[name]);
  const [folded, setFolded] = useState(true); // on a phone, where they would push the figures off the screen
  return (
    <form class="filters" data-folded={folded} onSubmit={(event) => event.preventDefault()}>
      <Period />
      <button type="button" class="fold" aria-expanded={!folded} onClick={() => setFolded(!folded)}>{t.filters}</button>
      <Zone />
      {CHOSEN.map((name) => <Choice key={name} name={name} values={known[name]} />)}
      {narrowed.length > 0 && <Chips names={narrowed} />}
    </form>
  );
}

function Period() {
  const { period: chosen, from, to } = filter.value;
  const choose = (wanted: string): void => change(wanted === "custom" ? { period: "custom" } : { period: wanted as Preset });
  return (
    <>
      <label class="period">
        {t.period}
        <select aria-label={t.period} value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
          {[...PRESETS, "custom" as const].map((name) => <option key={name} value={name}>{t.presets[name]}</option>)}
        </select>
      </label>
      {chosen === "custom" && (
        <>
          <label class="period">
            {t.from}
            <input type="date" value={from} max={to} onChange={(event) => event.currentTarget.value && change({ from: event.currentTarget.value })} />
          </label>
          <label class="period">
            {t.to}
            <input type="date" value={to} min={from} onChange={(event) => event.currentTarget.value && change({ to: event.currentTarget.value })} />
          </label>
        </>
      )}
    </>
  );
}

function Choice({ name, values }: { name: (typeof CHOSEN)[number]; values: string[] }) {
  const chosen = filter.value.by[name] ?? "";
  const all = chosen && !values.includes(chosen) ? [chosen, ...values] : values;
  return (
    <label>
      {t.dimensions[name]}
      <select aria-label={t.dimensions[name]} value={chosen} onChange={(event) => narrow(name, event.currentTarget.value)}>
        <option value="">{t.all}</option>
        {all.map((value) => <option key={value} value={value}>{named(name, value)}</option>)}
      </select>
    </label>
  );
}

function Zone() {
  const { tz } = filter.value;
  const all = ZONES.includes(tz) ? ZONES : [tz, ...ZONES];
  return (
    <label>
      {t.zone}
      <select aria-label={t.zone} value={tz} onChange={(event) => change({ tz: event.currentTarget.value })}>
        {all.map((zone) => <option key={zone} value={zone}>{zone.replaceAll("_", " ")}</option>)}
      </select>
    </label>
  );
}

function Chips({ names }: { names: Narrowed[] }) {
  return (
    <p class="chips">
      <span class="muted">{t.active}</span>
      {names.map((name) => {
        const text = `${t.dimensions[name]}: ${named(name, filter.value.by[name] ?? "")}`;
        return (
          <button type="button" key={name} class="chip" aria-label={fill(t.remove, { name: text })} onClick={() => narrow(name, "")}>
            <bdi>{text}</bdi><span aria-hidden="true"> ×</span>
          </button>
        );
      })}
      <button type="button" class="quiet" onClick={reset}>{t.reset}</button>
    </p>
  );
}

/** The period and the filters in one line, for paper. */
export function InWords() {
  const { from, to, tz, by } = filter.value;
  const parts = NARROWED.flatMap((name) => (by[name] ? [`${t.dimensions[name]}: ${named(name, by[name] ?? "")}`] : []));
  return <p class="in-words">{[range(from, to), tz.replaceAll("_", " "), ...parts].join(" · ")}</p>;
}
