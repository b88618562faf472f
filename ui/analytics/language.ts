// Which of the five languages this browser gets, and which way its lines run.
import { ENGLISH, type Texts } from "./texts";
import { GERMANIC } from "./texts-germanic";
import { ROMANCE } from "./texts-romance";

const ALL: Record<string, Texts> = { en: ENGLISH, ...GERMANIC, ...ROMANCE };
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

const short = (tag: string): string => tag.slice(0, 2).toLowerCase();

/** The browser's own variant of the language, for dates and numbers. */
export const locale: string = navigator.languages.find((tag) => short(tag) in ALL) ?? "en";

/** The first language that we speak or that runs from right to left decides the direction of the page. */
const leading = navigator.languages.find((tag) => short(tag) in ALL || RIGHT_TO_LEFT.has(short(tag))) ?? "en";
export const rtl: boolean = RIGHT_TO_LEFT.has(short(leading));

export const t: Texts = ALL[short(locale)] ?? ENGLISH;

/** The text with its {names} filled in. */
export function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A word of a closed list, or the word itself when it is not in the list. */
export function word(list: Record<string, string>, key: string): string {
  return list[key] ?? key;
}
