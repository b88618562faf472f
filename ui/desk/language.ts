// Which of the five languages this browser gets, and how it writes numbers and times.
import { de } from "./texts/de";
import { en, type Texts } from "./texts/en";
import { es } from "./texts/es";
import { fr } from "./texts/fr";
import { nl } from "./texts/nl";

const ALL: Record<string, Texts> = { en, nl, de, fr, es };

const wanted = navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() in ALL) ?? "en";

export const language: string = wanted.slice(0, 2).toLowerCase();

/** The browser's own variant of that language, for dates and numbers. */
export const locale: string = wanted;

/** Whether the agent reads from right to left, also where the words themselves are English. */
export const rightToLeft: boolean = /^(ar|fa|he|ur)\b/i.test(navigator.language);

export const t: Texts = ALL[language] ?? en;

// One sign each in all five languages, as the analytics write them; the space before it must not break.
const SIGN = { second: "s", minute: "min", hour: "h" } as const;
const NUMBER = new Intl.NumberFormat(locale);
const unit = (value: number, name: keyof typeof SIGN): string => `${NUMBER.format(value)}\u00a0${SIGN[name]}`;

/** "4 min", "1 h 5 min" or "20 s" for a stretch of time. */
export function stretch(seconds: number): string {
  if (seconds < 60) return unit(Math.max(0, Math.floor(seconds)), "second");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return unit(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${unit(hours, "hour")} ${unit(minutes % 60, "minute")}` : unit(hours, "hour");
}

/** "3 minutes ago" for a negative number of seconds. */
export function ago(seconds: number): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (seconds > -60) return format.format(0, "minute");
  if (seconds > -3600) return format.format(Math.ceil(seconds / 60), "minute");
  if (seconds > -86400) return format.format(Math.ceil(seconds / 3600), "hour");
  return format.format(Math.ceil(seconds / 86400), "day");
}

/** "Dutch" for nl; what is no language comes back as it is. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag; // a bot may say anything here
  }
}
