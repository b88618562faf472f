// What the visitor said and the server has not taken yet. One message at a time, so that a refused one is never
// overtaken.
import type { Connection } from "./connection";
import type { Memory, Unsent } from "./memory";
import type { Outgoing, Refused } from "./protocol";
import type { View } from "./view";

/** Not a failure: it is sent again by itself, and nothing may pass it until then. */
export const SLOW = "rate_limited";

export class Outbox {
  #inFlight: string | null = null;
  #resend = 0;

  constructor(
    readonly view: View,
    readonly memory: Memory,
    readonly connection: Connection,
  ) {}

  add(message: Unsent): void {
    this.memory.add(message);
    this.view.unsent = this.memory.kept.unsent;
    this.#next();
  }

  /** The line is up: what was under way before may be lost. */
  start(): void {
    this.#inFlight = null;
    this.#next();
  }

  again(id: string): void {
    const { [id]: _, ...others } = this.view.failures;
    this.view.failures = others;
    this.#next();
  }

  /** The server has it; it stays on the screen until its event takes its place. */
  accepted(id: string, isThere: boolean): void {
    this.memory.remove(id);
    if (isThere) return this.settle(id);
    if (this.#inFlight === id) this.#inFlight = null;
    this.view.unsent = this.view.unsent.map((each) => (each.id === id ? { ...each, accepted: true } : each));
    this.#next();
  }

  settle(id: string): void {
    if (this.#inFlight === id) this.#inFlight = null;
    if (!this.view.unsent.some((message) => message.id === id)) return;
    this.memory.remove(id);
    this.view.unsent = this.view.unsent.filter((message) => message.id !== id);
    this.#next();
  }

  refused(frame: Refused): void {
    const id = frame.id ?? "";
    this.view.failures = { ...this.view.failures, [id]: frame.code };
    if (frame.code !== SLOW) {
      this.#inFlight = null;
      return this.#next();
    }
    clearTimeout(this.#resend);
    this.#resend = setTimeout(
      () => {
        this.#inFlight = null;
        this.again(id);
      },
      (frame.retry_after_s ?? 1) * 1000,
    );
  }

  #next(): void {
    if (this.#inFlight || this.view.line !== "up") return;
    const { failures } = this.view;
    const head = this.view.unsent.find((each) => !each.accepted && (failures[each.id] ?? SLOW) === SLOW);
    if (!head) return;
    const { id, text, attachments, button } = head;
    const frame: Outgoing = { id, text };
    if (attachments) frame.attachments = attachments;
    if (button !== undefined) frame.button = button;
    if (this.connection.send({ type: "message", ...frame })) this.#inFlight = id;
  }
}
