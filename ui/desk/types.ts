// What the desk API answers (docs/reference/desk-api.md). What is optional here may be absent from an older server.

export type Presence = "online" | "busy" | "away" | "offline";
export type Author = "user" | "bot" | "agent" | "system";

export interface Agent {
  id: string;
  name: string;
  avatar_url?: string | null;
  role: "agent" | "supervisor";
  presence: Presence;
  presence_since?: string | null;
  /** Set by the desk itself because nobody was there. */
  auto?: boolean;
  capacity: number;
  open: number;
  inboxes: string[];
  skills: string[];
  languages: string[];
}

export interface Me {
  agent: Agent;
  csrf: string;
  providers: string[];
  settings?: { away_after_s?: number };
}

export interface User {
  id: string;
  name?: string | null;
  email?: string | null;
  phone?: string | null;
  attributes?: Record<string, unknown>;
}

export interface LastMessage {
  author: Author;
  text: string;
  at: string;
}

export interface Entry {
  id: string;
  conversation_id: string;
  status: string;
  provider: string;
  reason: string | null;
  inbox: string;
  skills: string[];
  languages: string[];
  priority: "none" | "low" | "medium" | "high" | "urgent";
  channel: string;
  language: string;
  user: User;
  /** The visitor's name as far as anybody knows it. */
  display_name?: string | null;
  agent: { id: string; name: string } | null;
  waiting_since: string;
  position: number | null;
  offer: { agent: string; expires_at: string } | null;
  last_message: LastMessage | null;
  last_seq: number;
  requested_at: string;
  active_at: string | null;
  ended_at: string | null;
}

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number | null;
  url: string;
}

export type DeliveryState = "pending" | "delivered" | "read" | "failed";

export interface Message {
  id: string;
  seq: number;
  author: Author;
  author_name?: string | null;
  to?: "user" | "agent" | "both" | null;
  text: string;
  language?: string | null;
  translation?: { language: string; text: string } | null;
  attachments?: Attachment[];
  buttons?: { text: string; value: string }[] | null;
  /** The value of the button that the user pressed instead of writing. */
  button?: string | null;
  late?: boolean;
  /** Of an agent's message: `<agent>:<the id it was sent under>`. */
  external_id?: string | null;
  at: string;
  delivery?: { state: DeliveryState; attempts: number };
}

export interface Fact {
  label?: string;
  name?: string;
  value: string;
}

export interface Page {
  url: string;
  title?: string | null;
  referrer?: string | null;
}

/** An earlier handover of the same visitor. */
export interface Previous {
  handover_id: string;
  conversation_id: string;
  ended_at: string;
  status: string;
  reason: string | null;
  agent: string | { id: string; name: string } | null;
  summary: string | null;
  /** The summary is worth reading; else it says in English what the other fields say. */
  worded?: boolean;
  rating: number | { score: number; comment?: string | null } | null;
}

export interface Detail {
  entry: Entry;
  facts: Fact[];
  page?: Page | null;
  /** False while the visitor's page is closed. */
  present?: boolean;
  previous?: Previous[];
  handover: { status: string; reason: string | null; ended_by: string | null; requested_at: string };
  conversation: { id: string; channel: string; language: string; user: User; floor: string };
}

export interface Sentence {
  at: string;
  text: string;
}

export interface BotTalk {
  id: string;
  channel: string;
  language: string;
  user: User;
  display_name?: string | null;
  last_message: LastMessage | null;
  updated_at: string;
}

export interface Canned {
  name: string;
  text: string;
  shortcut?: string;
}

export interface Upload {
  upload_id: string;
  name: string;
  content_type: string;
  size: number;
}

export interface InboxQueue {
  inbox: string;
  waiting: number;
  oldest_since: string | null;
  estimated_wait_ms: number | null;
}

/** What a supervisor sees of the whole desk. */
export interface Overview {
  queue: InboxQueue[];
  agents: Agent[];
  today: { handovers: number; answered: number; abandoned: number; p50_wait_ms: number | null };
}

/** An ordinary event of a conversation. */
export interface Happening {
  id: string;
  seq?: number;
  type: string;
  conversation_id: string;
  handover_id?: string;
  at: string;
  data: Record<string, unknown>;
}
