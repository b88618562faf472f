// Everything that is drawn, but for the talk itself.
import type { Unsent } from "./memory";
import type { Config, Desk, Floor, Handover, Message } from "./protocol";

export interface View {
  open: boolean;
  /** The end of the log is on the screen. */
  atEnd: boolean;
  unsent: Unsent[];
  /** Why a message was not taken, by its id. */
  failures: Record<string, string>;
  floor: Floor;
  handover: Handover | null;
  /** The handover that asks for a rating. */
  rating: Handover | null;
  config: Config | null;
  desk: Desk | null;
  line: "new" | "up" | "down" | "refused";
  typing: "agent" | "bot" | null;
  /** The newest message, told beside the closed chat. */
  preview: Message | null;
  /** Why the last thing that the visitor asked for was not done. */
  problem: string;
  renewed: boolean;
  ended: boolean;
  read: number;
  sound: boolean;
  /** Redraw: the talk itself has changed. */
  turn: number;
}

export const EMPTY: View = {
  open: false,
  atEnd: true,
  unsent: [],
  failures: {},
  floor: "bot",
  handover: null,
  rating: null,
  config: null,
  desk: null,
  line: "new",
  typing: null,
  preview: null,
  problem: "",
  renewed: false,
  ended: false,
  read: 0,
  sound: false,
  turn: 0,
};
