// The agent desk: begins here.
import { effect } from "@preact/signals";
import { render } from "preact";
import "../shared/tokens.css";
import "./base.css";
import "./dialog.css";
import "./frame.css";
import "./list.css";
import "./talk.css";
import "./composer.css";
import "./overview.css";
import "./aside.css";
import "./touch.css";
import { seen, select } from "./actions";
import { watchTitle } from "./alerts";
import { App } from "./app";
import { now, tick } from "./clock";
import { language, rightToLeft } from "./language";
import { folded, onRead } from "./memory";
import { resend, restoreOutbox } from "./outbox";
import { watchInput } from "./presence";
import { followAddress } from "./route";
import { conversationId, currentTalk, entries, myId, phase, selected, threads, unread } from "./state";
import { ignoreUnlessLoggedOut, loadTalks, refreshTalk, start } from "./sync";

/** Conversations that the bot has send no events to the desk, so they are asked for while somebody looks. */
const TALKS_EVERY_S = 15;
/** While the section is folded only its number shows. */
const COUNT_EVERY_S = 60;
const TALK_EVERY_S = 3;

document.documentElement.lang = language;
if (rightToLeft) document.documentElement.dir = "rtl";
restoreOutbox();
setInterval(tick, 1000);
watchInput();
watchTitle((id) => select({ kind: "handover", id }));
followAddress();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) seen();
});

let seconds = 0;
now.subscribe(() => {
  if (phase.value !== "ready" || document.hidden) return;
  seconds += 1;
  const every = folded.value.includes("bot") ? COUNT_EVERY_S : TALKS_EVERY_S;
  if (seconds % every === 0) loadTalks().catch(ignoreUnlessLoggedOut);
  const talk = selected.value?.kind === "talk" && currentTalk.value;
  if (talk && seconds % TALK_EVERY_S === 0) refreshTalk(talk.id).catch(ignoreUnlessLoggedOut);
});
// Opening the section shows what is true now.
effect(() => {
  if (!folded.value.includes("bot") && phase.value === "ready") loadTalks().catch(ignoreUnlessLoggedOut);
});
// A message that arrives while its conversation is on screen has been seen.
effect(() => {
  const id = conversationId.value;
  if (id && threads.value.get(id)?.messages.length) queueMicrotask(seen);
});
onRead(() => myId.value, (marks) => {
  const seqs = new Map([...entries.value.values()].map((entry) => [entry.conversation_id, entry.last_seq]));
  const left = [...unread.value].filter(([id]) => (marks[id] ?? 0) < (seqs.get(id) ?? 0));
  if (left.length !== unread.value.size) unread.value = new Map(left);
});

const root = document.getElementById("desk");
if (!root) throw new Error("the page lacks #desk");
render(<App />, root);
void start().then(resend);
