// What the page shows is in its address: to share, to keep, and for the back button.
import { signal } from "@preact/signals";
import { dates, HERE, PRESETS, type Preset } from "./period";

export const NARROWED = ["status", "reason", "why", "provider", "type", "medium", "channel", "language", "agent"] as const;
export type Narrowed = (typeof NARROWED)[number];

export interface Filter {
  period: Preset | "custom";
  from: string;
  to: string;
  tz: string;
  by: Partial<Record<Narrowed, string>>;
}

/** The handover whose story is open. */
export const story = signal<string | null>(null);
export const filter = signal<Filter>(read());

function read(): Filter {
  const query = new URLSearchParams(location.search);
  story.value = query.get("story");
  const tz = query.get("tz") || HERE;
  const wanted = query.get("period") as Preset;
  const given = { from: query.get("from"), to: query.get("to") };
  const period = given.from || given.to ? "custom" : PRESETS.includes(wanted) ? wanted : "28d";
  const fallback = dates(period === "custom" ? "28d" : period, tz);
  const by: Filter["by"] = {};
  for (const name of NARROWED) {
    const value = query.get(name);
    if (value) by[name] = value;
  }
  return { period, from: given.from ?? fallback.from, to: given.to ?? fallback.to, tz, by };
}

function address(): string {
  const { period, from, to, tz, by } = filter.value;
  const query = new URLSearchParams(period === "custom" ? { from, to } : { period });
  query.set("tz", tz);
  for (const name of NARROWED) {
    const value = by[name];
    if (value) query.set(name, value);
  }
  if (story.value) query.set("story", story.value);
  return `?${query.toString()}`;
}

/** Show something else; the back button leads back. */
export function change(part: Partial<Filter>): void {
  const next = { ...filter.value, ...part };
  filter.value = next.period === "custom" ? next : { ...next, ...dates(next.period, next.tz) };
  history.pushState(null, "", address());
}

/** Narrow to one value, or with "" no longer. */
export function narrow(name: Narrowed, value: string): void {
  const by = { ...filter.value.by };
  if (value) by[name] = value;
  else delete by[name];
  change({ by });
}

/** As if the page had been opened without any filter. */
export function reset(): void {
  change({ period: "28d", tz: HERE, by: {} });
}

/** Open the story of a handover, or with null close it. */
export function tell(id: string | null): void {
  if (story.value === id) return;
  story.value = id;
  history.pushState(null, "", address());
}

/** Follow the back and forward buttons. */
export function followAddress(): void {
  addEventListener("popstate", () => {
    filter.value = read();
  });
}

/** What the server is asked: the handovers in view. */
export function query(more: Record<string, string> = {}): string {
  return `${period()}&${new URLSearchParams({ ...narrowed(), ...more }).toString()}`;
}

/** The period alone. */
export function period(): string {
  const { from, to, tz } = filter.value;
  return new URLSearchParams({ from, to, tz }).toString();
}

/** The filters without the period, in the server's words. */
export function narrowed(): Record<string, string> {
  const { agent, ...others } = filter.value.by;
  return { ...others, ...(agent ? { agent_name: agent } : {}) };
}
