// The agent desk: begins here.
import { effect } from "@preact/signals";
import { render } from "preact";
import "../shared/tokens.css";
import "./desk.css";
import "./talk.css";
import { resend, restoreOutbox, seen } from "./actions";
import { App } from "./app";
import { language, t } from "./language";
import { conversationId, me, myId, now, phase, threads, unread, waiting } from "./state";
import { start } from "./sync";

document.documentElement.lang = language;
restoreOutbox();
setInterval(() => (now.value = Date.now()), 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) seen();
});

// A message that arrives while its conversation is on screen has been seen.
effect(() => {
  const id = conversationId.value;
  if (id && threads.value.get(id)?.messages.length) queueMicrotask(seen);
});
effect(() => {
  const calls = waiting.value.filter((entry) => entry.offer?.agent === myId.value).length;
  const count = calls + [...unread.value.values()].reduce((sum, n) => sum + n, 0);
  document.title = `${count ? `(${count}) ` : ""}${t.desk}${me.value && phase.value === "ready" ? ` · ${me.value.agent.name}` : ""}`;
});

const root = document.getElementById("desk");
if (!root) throw new Error("the page lacks #desk");
render(<App />, root);
void start().then(resend);
