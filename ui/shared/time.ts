// Times for people, in the language of the page and the clock of the browser.

/** "14:05" */
export function clock(at: string, language: string): string {
  return new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

/** A key that is equal for two times on the same local day. */
export function dayKey(at: string): string {
  return new Date(at).toDateString();
}

/** "Today", "Yesterday" or "Tuesday 3 March", by the browser's own words for them; `now` where the clock may be wrong. */
export function day(at: string, language: string, now = Date.now()): string {
  const days = Math.round((midnight(new Date(at)) - midnight(new Date(now))) / 86_400_000);
  if (days === 0 || days === -1) {
    const word = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
    return word.charAt(0).toLocaleUpperCase(language) + word.slice(1);
  }
  return new Date(at).toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long" });
}

const SIZES = [
  { unit: "megabyte", from: 1_000_000, digits: 1 },
  { unit: "kilobyte", from: 1_000, digits: 0 },
  { unit: "byte", from: 1, digits: 0 },
];

/** "12 kB" */
export function fileSize(bytes: number, language: string): string {
  const size = SIZES.find((each) => bytes >= each.from);
  if (!size) return "";
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: size.unit,
    maximumFractionDigits: size.digits,
  }).format(bytes / size.from);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
