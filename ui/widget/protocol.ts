// What goes over the wire: docs/reference/webchat-protocol.md, as types.

export interface Config {
  channel: string;
  language: string;
  title: string | null;
  attachments: "human" | "always" | "never";
  human_button: boolean;
  max_file_bytes: number;
  max_text_bytes: number;
}

export interface Session {
  conversation_id: string;
  token: string;
  expires_at: string;
  config: Config;
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
  text: string;
  language?: string;
  translation?: { language: string; text: string } | null;
  buttons?: Button[];
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
  agent: { name?: string; avatar_url?: string } | null;
  queue: { position: number | null; estimated_wait_ms: number | null; alternative_text: string | null } | null;
  cancel: { text: string } | null;
  rating: { text: string } | null;
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
  floor: Floor;
  handover: Handover | null;
  config: Config;
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
  | { type: "token"; token: string }
  | { type: "event"; event: ChatEvent }
  | { type: "typing"; author: "agent" | "bot"; on: boolean }
  | { type: "accepted"; id: string; seq: number }
  | { type: "ping" };

export interface Outgoing {
  id: string;
  text: string;
  attachments?: { upload_id: string }[];
  button?: string;
}

export type ClientFrame =
  | { type: "hello"; token: string; after: number }
  | ({ type: "message" } & Outgoing)
  | { type: "typing"; on: boolean }
  | { type: "ack" | "read"; seq: number }
  | { type: "cancel" | "human" | "end" | "pong" }
  | { type: "rating"; handover_id: string; score: number; comment?: string };
