// Periods by name, as calendar dates of a time zone. A link with a name means the same days to whoever opens it later.

export const PRESETS = ["today", "yesterday", "7d", "28d", "month"] as const;
export type Preset = (typeof PRESETS)[number];

const DAY_MS = 86_400_000;

/** The zone of this browser. */
export const HERE: string = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** Every zone that the browser knows, this one and UTC first. */
export function zones(): string[] {
  return [...new Set([HERE, "UTC", ...Intl.supportedValuesOf("timeZone")])];
}

/** The calendar date in a zone now, as "2026-01-05"; of an unknown zone that of UTC, the server says what is wrong. */
export function today(zone: string): string {
  try {
    return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format();
  } catch {
    return today("UTC");
  }
}

/** The date so many days later; pure calendar, so no clock change can shift it. */
export function plus(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** First and last date of a period by name. */
export function dates(preset: Preset, zone: string): { from: string; to: string } {
  const now = today(zone);
  switch (preset) {
    case "today":
      return { from: now, to: now };
    case "yesterday":
      return { from: plus(now, -1), to: plus(now, -1) };
    case "7d":
      return { from: plus(now, -6), to: now };
    case "28d":
      return { from: plus(now, -27), to: now };
    case "month":
      return { from: `${now.slice(0, 8)}01`, to: now };
  }
}

/** Every date from first to last, both included; at most `most`. */
export function days(from: string, to: string, most = 800): string[] {
  const all: string[] = [];
  for (let date = from; date <= to && all.length < most; date = plus(date, 1)) all.push(date);
  return all;
}
