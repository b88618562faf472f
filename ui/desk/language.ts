// Which of the five languages this browser gets.
import { ENGLISH, GERMANIC, type Texts } from "./texts";
import { ROMANCE } from "./texts-romance";

const ALL: Record<string, Texts> = { en: ENGLISH, ...GERMANIC, ...ROMANCE };

const wanted = navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() in ALL) ?? "en";

export const language: string = wanted.slice(0, 2).toLowerCase();

/** The browser's own variant of that language, for dates and numbers. */
export const locale: string = wanted;

export const t: Texts = ALL[language] ?? ENGLISH;

/** "4 min", "1 h 05 min" or "20 s" for a stretch of time. */
export function stretch(seconds: number): string {
  const unit = (value: number, name: "second" | "minute" | "hour") =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  if (seconds < 60) return unit(Math.max(0, Math.floor(seconds)), "second");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? unit(minutes, "minute")
    : `${unit(Math.floor(minutes / 60), "hour")} ${unit(minutes % 60, "minute")}`;
}
