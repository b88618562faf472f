// The server's time. Waiting times and offers are told in it, so a computer whose clock is wrong counts right all the same.
import { signal } from "@preact/signals";

/** A difference smaller than this is the way of the answer, not the clock. */
const NOTICEABLE_MS = 2_000;

let offsetMs = 0;

/** The server's time in ms, moving every second. */
export const now = signal(Date.now());

/** Learn from an answer's Date header, which counts in whole seconds. */
export function learnTime(date: string | null): void {
  const at = Date.parse(date ?? "");
  if (Number.isNaN(at)) return;
  const difference = at + 500 - Date.now();
  const next = Math.abs(difference) < NOTICEABLE_MS ? 0 : difference;
  if (Math.abs(next - offsetMs) < NOTICEABLE_MS) return;
  offsetMs = next;
  tick();
}

/** The server's time at this moment. */
export const serverTime = (): number => Date.now() + offsetMs;

export function tick(): void {
  now.value = serverTime();
}
