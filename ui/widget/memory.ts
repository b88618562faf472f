// What must survive a reload: the token, the messages not yet accepted, and how far the visitor has read. Kept in
// localStorage, so that a message typed in a tab that died is sent by the next one; where the browser forbids that,
// it lives as long as the page.
import type { Outgoing } from "./protocol";

export interface Unsent extends Outgoing {
  at: string;
  files?: { name: string; size: number }[];
  /** The server has it, and only its event is still to come. */
  accepted?: boolean;
}

interface Kept {
  token: string | null;
  conversation: string | null;
  unsent: Unsent[];
  read: number;
  ended: boolean;
}

const EMPTY: Kept = { token: null, conversation: null, unsent: [], read: 0, ended: false };

export class Memory {
  #fallback: string | null = null;

  constructor(readonly key: string) {}

  get kept(): Kept {
    try {
      return { ...EMPTY, ...(JSON.parse(this.#read() ?? "{}") as Partial<Kept>) };
    } catch {
      return EMPTY; // somebody else wrote there
    }
  }

  /** Other tabs write here too, so every change starts from what is there now. */
  change(part: Partial<Kept>): void {
    this.#fallback = JSON.stringify({ ...this.kept, ...part });
    try {
      localStorage.setItem(this.key, this.#fallback);
    } catch {
      // forbidden or full: the page remembers it alone
    }
  }

  add(message: Unsent): void {
    this.change({ unsent: [...this.kept.unsent, message] });
  }

  remove(id: string): void {
    this.change({ unsent: this.kept.unsent.filter((message) => message.id !== id) });
  }

  #read(): string | null {
    try {
      return localStorage.getItem(this.key) ?? this.#fallback;
    } catch {
      return this.#fallback;
    }
  }
}
