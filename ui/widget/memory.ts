// What must survive a reload: the token, the messages not yet accepted, how far the visitor has read, and what they
// chose. Kept in localStorage, so that a message typed in a tab that died is sent by the next one; where the browser
// forbids that, it lives as long as the page.
import type { Outgoing } from "./protocol";

export interface Unsent extends Outgoing {
  files?: { name: string; size: number }[];
  /** The server has it, and only its event is still to come. */
  accepted?: boolean;
}

interface Kept {
  token: string | null;
  conversation: string | null;
  /** Who the site said that the visitor is, when the conversation began. */
  user: string | null;
  unsent: Unsent[];
  read: number;
  ended: boolean;
  /** The handover that was rated, or is not to be. */
  rated: string;
  sound: boolean | null;
  /** The newest number that a tab made a sound for. */
  rang: number;
}

const EMPTY: Kept = {
  token: null,
  conversation: null,
  user: null,
  unsent: [],
  read: 0,
  ended: false,
  rated: "",
  sound: null,
  rang: 0,
};

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

  /** Forget the conversation, not what the visitor chose. */
  leave(): void {
    this.change({ token: null, read: 0, ended: false, rang: 0 });
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
