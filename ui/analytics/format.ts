// Numbers, dates and stretches of time for people, in the language of the page.
import { fill, locale } from "./language";

const WHOLE = new Intl.NumberFormat(locale);
const PERCENT = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const MEAN = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const NOTHING = "–";

export const count = (value: number): string => WHOLE.format(value);
export const percent = (value: number | null): string => (value === null ? NOTHING : PERCENT.format(value));
export const mean = (value: number | null): string => (value === null ? NOTHING : MEAN.format(value));

// Seconds, minutes and hours have one sign in all five languages; the space before it must not break.
const SIGN = { second: "s", minute: "min", hour: "h" } as const;
const DIGITS = [0, 1].map((digits) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }));
const DAYS = new Intl.NumberFormat(locale, { style: "unit", unit: "day", unitDisplay: "long" });

function unit(value: number, name: "day" | keyof typeof SIGN, digits: 0 | 1 = 0): string {
  return name === "day" ? DAYS.format(value) : `${DIGITS[digits]?.format(value)}\u00a0${SIGN[name]}`;
}

/** "0.4 s", "45 s", "2 min 10 s", "3 h 5 min", "2 days 4 h": never more than two parts. */
export function stretch(seconds: number | null): string {
  if (seconds === null) return NOTHING;
  if (seconds < 1) return unit(seconds, "second", 1);
  const whole = Math.round(seconds);
  if (whole < 60) return unit(whole, "second");
  if (whole < 3600) return pair(Math.floor(whole / 60), "minute", whole % 60, "second");
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return pair(Math.floor(minutes / 60), "hour", minutes % 60, "minute");
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), "day", hours % 24, "hour");
}

function pair(large: number, name: "day" | "hour" | "minute", small: number, less: keyof typeof SIGN): string {
  return small ? `${unit(large, name)}\u00a0${unit(small, less)}` : unit(large, name);
}

/** One part only, for axes. */
export function roughly(seconds: number): string {
  if (seconds === 0) return "0";
  if (seconds < 60) return unit(seconds, "second");
  return seconds < 3600 ? unit(seconds / 60, "minute", 1) : unit(seconds / 3600, "hour", 1);
}

const PLURAL = new Intl.PluralRules(locale);

/** The count with its noun: "1 point", "3 points". */
export function counted(words: { one: string; other: string }, value: number): string {
  return fill(PLURAL.select(value) === "one" ? words.one : words.other, { count: count(value) });
}

/** The calendar date of a moment in a zone. */
export function dateIn(at: string | number, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
}

/** "5 Jan" of a calendar date. */
export function shortDay(date: string): string {
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(noon(date));
}

/** "Monday, 5 January 2026" of a calendar date. */
export function longDay(date: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" }).format(noon(date));
}

/** "5–11 Jan 2026" */
export function range(from: string, to: string): string {
  const format = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  try {
    return format.formatRange(noon(from), noon(to));
  } catch {
    return `${from} – ${to}`;
  }
}

/** Date and time in the zone of the report. */
export function moment(at: string, zone: string): string {
  const wanted: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  try {
    return new Intl.DateTimeFormat(locale, { ...wanted, timeZone: zone }).format(new Date(at));
  } catch {
    return new Intl.DateTimeFormat(locale, wanted).format(new Date(at));
  }
}

/** Time of day with seconds, in the zone of the report. */
export function clock(at: string, zone: string): string {
  const wanted: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  try {
    return new Intl.DateTimeFormat(locale, { ...wanted, timeZone: zone }).format(new Date(at));
  } catch {
    return new Intl.DateTimeFormat(locale, wanted).format(new Date(at));
  }
}

/** Monday = 1 … Sunday = 7. */
export function weekday(number: number, width: "short" | "long"): string {
  const date = new Date(Date.UTC(2026, 0, 4 + number, 12));
  return new Intl.DateTimeFormat(locale, { weekday: width, timeZone: "UTC" }).format(date);
}

/** The name of a language from its code. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function noon(date: string): Date {
  return new Date(`${date.slice(0, 10)}T12:00:00Z`);
}

/** One whole part, for narrow cells: "45 s", "2 min". */
export function tight(seconds: number): string {
  if (seconds < 59.5) return unit(seconds, "second");
  return seconds < 3570 ? unit(seconds / 60, "minute") : unit(seconds / 3600, "hour");
}
