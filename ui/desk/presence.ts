// Whether the agent is there: what they say, and what their long silence says.
import { put } from "./api";
import { now, serverTime } from "./clock";
import { onTold, tell, told } from "./memory";
import { me, phase } from "./state";
import { ignoreUnlessLoggedOut } from "./sync";
import type { Agent, Presence } from "./types";

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;
const TELL_EVERY_MS = 2_000;

let lastInput = Date.now();
/** A page tells of input, and repeats its guess, at most so often. */
const MOST_OFTEN_MS = 60_000;

let toldAt = 0;
let guessedAt = 0;
let asking: Presence | null = null;
/** Whether this page saw its agent online: only then does the desk's own "offline" end by a move of the mouse. */
let wasOnline = false;

/** Watch for signs of the agent; any tab of theirs counts. */
export function watchInput(): void {
  for (const sign of SIGNS) addEventListener(sign, sawInput, { passive: true, capture: true });
  onTold("input", (value) => (lastInput = Math.max(lastInput, Number(value))));
  now.subscribe(() => awayWhenSilent());
}

function sawInput(): void {
  const at = Date.now();
  if (at - Number(told("input")) > TELL_EVERY_MS) tell("input", String(at));
  lastInput = at;
  const agent = me.value?.agent;
  if (phase.value !== "ready" || !agent) return;
  const back = agent.auto && (agent.presence === "away" || (agent.presence === "offline" && wasOnline));
  // That this device is in use keeps the guess of another from counting.
  const inUse = limitS() > 0 && agent.presence === "online" && at - toldAt >= quietMs();
  if (!back && !inUse) return;
  toldAt = at;
  change("online");
}

const limitS = (): number => me.value?.settings?.away_after_s ?? 0;
const quietMs = (): number => Math.min(limitS() * 100, MOST_OFTEN_MS);

function awayWhenSilent(): void {
  if (me.value?.agent.presence === "online") wasOnline = true;
  const agent = me.value?.agent;
  if (phase.value !== "ready" || !limitS() || agent?.presence !== "online") return;
  // Who came online on another device was there then: two devices must not contradict each other every second.
  const silentS = Math.min((Date.now() - lastInput) / 1000, presentForS(agent) ?? Infinity);
  if (silentS < limitS() || Date.now() - guessedAt < quietMs()) return;
  guessedAt = Date.now();
  change("away");
}

/** Say it as the page's own guess: what the agent says, here or on another device, stands. The event tells what came of
 * it; the answer may be older than what another device has said since. */
function change(presence: Presence): void {
  if (asking === presence) return;
  asking = presence;
  const presence_since = presence === "away" ? me.value?.agent.presence_since : undefined;
  put("presence", { presence, auto: true, presence_since })
    .catch(ignoreUnlessLoggedOut)
    .finally(() => (asking = null));
}

/** Since when somebody is as they are, in s. */
export const presentForS = (agent: Agent): number | null =>
  agent.presence_since ? (serverTime() - Date.parse(agent.presence_since)) / 1000 : null;
