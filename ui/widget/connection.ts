// The line to the server: starts a session, keeps one socket open, comes back after every break. It knows frames,
// not what they mean to a person.
import type { ClientFrame, Hello, Ready, Refused, ServerFrame, Session } from "./protocol";
import type { Site } from "./site";

const SILENCE_MS = 40_000;
const LONGEST_PAUSE_MS = 30_000;
const NEW_START = new Set(["unauthorized", "token_expired", "not_found"]);

export type Uploaded = { upload_id: string } | { code: string };

export interface Listener {
  readonly site: Site;
  /** Whose conversation this is now, and the newest number we have of it. */
  hello(): Hello;
  token(): string | null;
  keepToken(token: string): void;
  started(session: Session): void;
  ready(frame: Ready): void;
  frame(frame: Exclude<ServerFrame, Ready>): void;
  /** This token opens nothing any more. */
  tokenLost(token: string): void;
  /** The line is up or down; `refused` when it will not come up by waiting. */
  line(state: "up" | "down" | "refused"): void;
}

export class Connection {
  #socket: WebSocket | null = null;
  #failures = 0;
  #renewals = 0;
  #silence = 0;
  #pause = 0;
  #running = false;
  #presented = "";

  constructor(
    readonly base: string,
    readonly channel: string,
    readonly language: string,
    readonly listener: Listener,
  ) {
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#socket && this.#lost()); // silence would tell much later
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  /** Connect and stay connected; without a token a new conversation is started. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#connect();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#pause);
    this.#drop();
  }

  /** False when the line is down; the frame is then gone. */
  send(frame: ClientFrame): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Upload a file: how far it is, and at last its id or the code of the refusal. Returns how to stop it. */
  upload(file: File, progress: (part: number) => void, done: (answer: Uploaded) => void): () => void {
    const body = new FormData();
    body.set("file", file);
    const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
    request.open("POST", this.#url("uploads"));
    request.setRequestHeader("authorization", `Bearer ${this.listener.token()}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onload = () => done((request.response as Uploaded | null) ?? { code: "other" });
    request.onerror = () => done({ code: "network" });
    request.send(body);
    return () => request.abort();
  }

  #url(path: string): string {
    return `${this.base}/webchat/${encodeURIComponent(this.channel)}/${path}`;
  }

  async #connect(): Promise<void> {
    try {
      if (!this.listener.token() && !(await this.#oneSession())) return;
    } catch {
      return this.#retry();
    }
    if (this.#running) this.#open();
  }

  /** Two tabs that open at the same moment must share one conversation; locks exist in secure contexts only. */
  #oneSession(): Promise<boolean> {
    const start = async () => this.listener.token() !== null || this.#startSession();
    return "locks" in navigator ? navigator.locks.request(this.#url("sessions"), start) : start();
  }

  /** False when the server will not have us, or not now. */
  async #startSession(): Promise<boolean> {
    const { site } = this.listener;
    const reply = await fetch(this.#url("sessions"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        language: this.language,
        page: site.page,
        identity: site.identity || undefined,
        context: site.context || undefined,
      }),
    });
    if (reply.ok) {
      this.listener.started((await reply.json()) as Session);
      return true;
    }
    if (reply.status >= 500 || reply.status === 429) {
      this.#retry(Number(reply.headers.get("retry-after") ?? 0));
    } else {
      this.#running = false;
      this.listener.line("refused");
      console.error(`openhandover: the server refused the chat: ${await reply.text()}`);
    }
    return false;
  }

  #open(): void {
    const socket = new WebSocket(this.#url("socket").replace(/^http/, "ws"));
    this.#socket = socket;
    this.#listenForSilence();
    socket.onopen = () => {
      if (socket !== this.#socket) return socket.close();
      const hello = this.listener.hello();
      this.#presented = hello.token;
      this.send({ type: "hello", ...hello });
    };
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      this.#listenForSilence();
      this.#receive(JSON.parse(String(event.data)) as ServerFrame);
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lost();
    };
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === "ping") return void this.send({ type: "pong" });
    if (frame.type === "token") return this.listener.keepToken(frame.token);
    if (frame.type === "refused" && this.#endsSession(frame)) return;
    if (frame.type !== "ready") return this.listener.frame(frame);
    this.#failures = this.#renewals = 0;
    if (frame.token) this.listener.keepToken(frame.token);
    this.listener.line("up");
    this.listener.ready(frame);
  }

  #endsSession(frame: Refused): boolean {
    if (frame.id !== undefined || !NEW_START.has(frame.code)) return false;
    this.#drop();
    this.listener.tokenLost(this.#presented);
    this.#failures = this.#renewals++; // the server is there: only what it refuses again and again is worth a longer pause
    this.#retry();
    return true;
  }

  #lost(): void {
    this.#drop();
    this.#retry();
  }

  #drop(): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #listenForSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #retry(atLeastS = 0): void {
    if (!this.#running) return;
    this.listener.line("down");
    const wait = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.#failures++) * (0.5 + Math.random());
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = 0;
      void this.#connect();
    }, Math.max(wait, atLeastS * 1000));
  }

  /** The network or the visitor came back: do not wait for the pause to end. */
  #hurry(): void {
    if (!this.#pause || this.#socket) return;
    clearTimeout(this.#pause);
    this.#pause = 0;
    void this.#connect();
  }
}
