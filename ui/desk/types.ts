// What the desk API answers (docs/reference/desk-api.md).

export type Presence = "online" | "busy" | "away" | "offline";
export type Author = "user" | "bot" | "agent" | "system";

export interface Agent {
  id: string;
  name: string;
  role: "agent" | "supervisor";
  presence: Presence;
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
}

export interface User {
  id: string;
  name?: string;
  email?: string;
  phone?: string;
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

export interface Message {
  id: string;
  seq: number;
  author: Author;
  author_name?: string | null;
  to?: "user" | "agent" | "both" | null;
  text: string;
  translation?: { language: string; text: string } | null;
  attachments?: Attachment[];
  late?: boolean;
  /** Of an agent's message: `<agent>:<the id it was sent under>`. */
  external_id?: string | null;
  at: string;
  delivery?: { state: "pending" | "delivered" | "read" | "failed"; attempts: number };
}

export interface Fact {
  name: string;
  value: string;
}

export interface Detail {
  entry: Entry;
  facts: Fact[];
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
  last_message: LastMessage | null;
  updated_at: string;
}

export interface Canned {
  name: string;
  text: string;
}

export interface Upload {
  upload_id: string;
  name: string;
  content_type: string;
  size: number;
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
