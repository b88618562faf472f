// What reaches an agent who looks elsewhere: the title's number, the tab's picture, a notification, a sound.
import { effect } from "@preact/signals";
import { t } from "./language";
import { notify, sound, tell, told } from "./memory";
import { me, nameOf, offers, phase, unread } from "./state";
import type { Entry } from "./types";

const RECENT_MS = 5_000;
let open: (handoverId: string) => void = () => {};

/** Keep the title and the picture in the tab up to date; `show` opens a handover that a notification told of. */
export function watchTitle(show: (handoverId: string) => void): void {
  open = show;
  effect(() => {
    const count = offers.value.length + [...unread.value.values()].reduce((sum, n) => sum + n, 0);
    const name = me.value && phase.value === "ready" ? ` · ${me.value.agent.name}` : "";
    document.title = `${count ? `(${count}) ` : ""}${t.desk}${name}`;
    const picture = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (picture) picture.href = count ? "/desk/news.svg" : "/desk/desk.svg";
  });
}

export const canNotify = (): boolean => "Notification" in window;

/** Ask the browser; only ever from a button. Answers whether notifications are on now. */
export async function askToNotify(): Promise<boolean> {
  if (!canNotify()) return false;
  const answer = Notification.permission === "default" ? await Notification.requestPermission() : Notification.permission;
  notify.value = answer === "granted";
  return notify.value;
}

/** Somebody waits for this agent. */
export function alertOffer(entry: Entry, words: string): void {
  alert(`offer-${entry.id}`, entry, words, entry.last_message?.text ?? "");
}

/** The visitor wrote in a conversation of this agent that is not on screen. */
export function alertMessage(entry: Entry, text: string): void {
  alert(`message-${entry.id}`, entry, t.newMessage(nameOf(entry)), text);
}

function alert(tag: string, entry: Entry, title: string, body: string): void {
  // With two tabs of one agent, the one that is used is enough.
  if (!document.hidden || Date.now() - Number(told("input")) < RECENT_MS) return;
  if (sound.value && told("rang") !== tag + entry.last_seq) {
    tell("rang", tag + entry.last_seq);
    ring();
  }
  if (!notify.value || !canNotify() || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(title, { body: body.slice(0, 120), tag });
    shown.onclick = () => {
      window.focus();
      shown.close();
      open(entry.id);
    };
  } catch (error) {
    // Some phones know the permission but only let service workers notify.
    console.debug(error);
  }
}

let audio: AudioContext | null = null;

/** Two short soft tones. */
export function ring(): void {
  audio ??= new AudioContext();
  const context = audio;
  void context.resume();
  [660, 880].forEach((pitch, n) => {
    const at = context.currentTime + n * 0.16;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.32);
  });
}
