// Times for people, in the language of the page and the clock of the browser.

/** "14:05" */
export function clock(at: string, language: string): string {
  return new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

/** A key that is equal for two times on the same local day. */
export function dayKey(at: string): string {
  return new Date(at).toDateString();
}

/** "Today", "Yesterday" or "Tuesday 3 March", by the browser's own words for them. */
export function day(at: string, language: string): string {
  const days = Math.round((midnight(new Date(at)) - midnight(new Date())) / 86_400_000);
  if (days === 0 || days === -1) {
    const word = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
    return word.charAt(0).toLocaleUpperCase(language) + word.slice(1);
  }
  return new Date(at).toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long" });
}

/** "12 kB" */
export function fileSize(bytes: number, language: string): string {
  const large = bytes >= 1_000_000;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: large ? "megabyte" : "kilobyte",
    maximumFractionDigits: large ? 1 : 0,
  }).format(bytes / (large ? 1_000_000 : 1_000));
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
