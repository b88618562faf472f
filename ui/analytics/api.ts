// The calls of this page and the shapes of their answers. A supervisor's session at the desk opens them.
import { signal } from "@preact/signals";

export interface Times {
  p50: number | null;
  p90: number | null;
}

export interface Figures {
  handovers: number;
  open: number;
  completed: number;
  cancelled: number;
  error: number;
  transferred: number;
  answered: number;
  abandoned: number;
  abandonment_rate: number | null;
  conversations: number | null;
  containment_rate: number | null;
  time_to_agent_s: Times;
  time_to_first_reply_s: Times;
  time_to_abandon_s: Times;
  duration_s: Times;
  rating: { mean: number | null; count: number };
  scores: number[];
}

export interface Group {
  key: string | null;
  figures: Figures;
}

export interface Report {
  from: string;
  to: string;
  total: Figures;
  previous: { from: string; to: string; total: Figures } | null;
  items: Group[];
}

export type Direction = "to_user" | "to_agent" | "to_bot";

export interface Delivery {
  duplicates_suppressed: number;
  late_events: number;
  failed: number;
  retries: number;
  items: { direction: Direction; accepted: number; delivered: number; pending: number; failed: number; retries: number }[];
}

export interface Trouble {
  at: string;
  conversation_id: string;
  seq: number;
  handover_id: string | null;
  direction: Direction;
  state: "delivered" | "read" | "failed" | "pending";
  calls: number;
}

export interface Line {
  id: string;
  status: string;
  reason: string | null;
  why: string | null;
  provider: string;
  type: string;
  channel: string;
  medium: "text" | "voice";
  language: string;
  agent: string | null;
  requested_at: string;
  active_at: string | null;
  ended_at: string | null;
  waited_s: number;
  duration_s: number | null;
  rating: number | null;
}

export interface Now {
  at: string;
  open: number;
  waiting: number;
  active: number;
  longest_wait_s: number | null;
  items: Line[];
}

export interface Values {
  statuses: string[];
  providers: string[];
  channels: string[];
  languages: string[];
  agents: string[];
}

export interface Listed<T> {
  items: T[];
  next: string | null;
}

export interface Proof {
  counts: Record<"accepted" | "delivered" | "pending" | "failed" | "repeated" | "misordered", number>;
}

/** Why nothing came: a filter that the server refuses, no session, no right, nothing there, or no connection. */
export class Failed extends Error {
  constructor(
    readonly kind: "invalid" | "login" | "forbidden" | "absent" | "unreachable",
    readonly path = "",
  ) {
    super(kind);
  }
}

export type Access = "unknown" | "login" | "forbidden" | "open";

/** Whether this browser may see the figures. */
export const access = signal<Access>("unknown");

const BASE = "/v1/desk/analytics/";

/** Where a table is downloaded. */
export const link = (path: string): string => BASE + path;

/** The answer of a call; throws `Failed`. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(BASE + path, signal ? { signal } : {});
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failed("unreachable");
  }
  if (answer.ok) {
    access.value = "open";
    return (await answer.json()) as T;
  }
  if (answer.status === 401 || answer.status === 403) {
    access.value = answer.status === 401 ? "login" : "forbidden";
    throw new Failed(access.value === "login" ? "login" : "forbidden");
  }
  if (answer.status === 404) throw new Failed("absent");
  if (answer.status !== 422) throw new Failed("unreachable");
  const problem = (await answer.json()) as { errors?: { path: string }[] };
  throw new Failed("invalid", problem.errors?.[0]?.path ?? "");
}

/** Open a session at the desk; false when agent or password is wrong. */
export async function logIn(agent: string, password: string): Promise<boolean> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch("/v1/desk/login", { method: "POST", body: JSON.stringify({ agent, password }), headers });
  if (answer.ok) return true;
  if (answer.status === 401) return false;
  throw new Failed("unreachable");
}
