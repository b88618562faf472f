// What goes over the wire: docs/reference/webchat-protocol.md, as types.

export interface Config {
  channel: string;
  language: string;
  title: string | null;
  attachments: "human" | "always" | "never";
  human_button: boolean;
  end_button?: boolean;
  sound?: boolean;
  bot?: Person;
  max_file_bytes: number;
  max_text_bytes: number;
}

export interface Session {
  conversation_id: string;
  token: string;
  expires_at: string;
  config: Config;
}

/** Where the visitor is on the site. */
export interface Page {
  url: string;
  title: string;
  referrer: string;
}

export interface Person {
  name?: string | null;
  avatar_url?: string | null;
}

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number | null;
  url: string;
}

export interface Button {
  text: string;
  value: string;
}

export interface Message {
  id: string;
  seq: number;
  author: "user" | "bot" | "agent" | "system";
  author_name?: string;
  author_avatar_url?: string | null;
  text: string;
  language?: string;
  translation?: { language: string; text: string } | null;
  buttons?: Button[];
  metadata?: { rating?: string };
  attachments: Attachment[];
  at: string;
  delivery: { state: Delivery };
}

export type Delivery = "pending" | "delivered" | "read" | "failed";
export type Floor = "bot" | "human";
export type Status = "requested" | "queued" | "active" | "completed" | "cancelled" | "error" | "transferred";

export interface Handover {
  id: string;
  status: Status;
  reason: string | null;
  agent: Person | null;
  queue: { position: number | null; estimated_wait_ms: number | null; alternative_text: string | null } | null;
  cancel: { text: string } | null;
  rating: { text: string | null } | null;
  /** Files are welcome now, where they are for humans only. */
  files: boolean;
}

/** Whether there is somebody who could take a handover; null when that is not known. */
export interface Desk {
  open: boolean | null;
  opens_at: string | null;
}

interface Envelope {
  seq: number;
  floor: Floor;
  at: string;
}

export type ChatEvent = Envelope &
  (
    | { type: "message.created"; data: Message }
    | { type: "message.delivered" | "message.read" | "message.failed"; data: { message_id: string } }
    | { type: "floor.changed"; data: { floor: Floor } }
    | { type: `handover.${string}`; data: Handover }
  );

export interface Ready {
  type: "ready";
  conversation_id: string;
  seq: number;
  /** Earlier things than those that are replayed now exist, and can be asked for with `history`. */
  more?: boolean;
  first_seq?: number;
  /** The server's clock. */
  at?: string;
  floor: Floor;
  handover: Handover | null;
  config: Config;
  desk?: Desk | null;
  token?: string;
}

export interface Refused {
  type: "refused";
  id?: string;
  code: string;
  detail: string;
  retry_after_s?: number;
}

export type ServerFrame =
  | Ready
  | Refused
  | ({ type: "desk" } & Desk)
  | { type: "token"; token: string }
  | { type: "event"; event: ChatEvent }
  | { type: "history"; events: ChatEvent[]; more: boolean }
  | { type: "typing"; author: "agent" | "bot"; on: boolean }
  | { type: "accepted"; id: string; seq: number }
  | { type: "ping" };

export interface Outgoing {
  id: string;
  text: string;
  attachments?: { upload_id: string }[];
  button?: string;
}

export interface Hello {
  token: string;
  after: number;
  last?: number;
  /** Who the site says the visitor is: a conversation of somebody known opens to them only. */
  identity?: string;
}

export type ClientFrame =
  | ({ type: "hello" } & Hello)
  | ({ type: "message" } & Outgoing)
  | { type: "history"; before: number; limit: number }
  | { type: "page"; url: string; title: string }
  | { type: "typing"; on: boolean }
  | { type: "ack" | "read"; seq: number }
  | { type: "cancel" | "human" | "end" | "pong" }
  | { type: "rating"; handover_id: string; score: number; comment?: string };
