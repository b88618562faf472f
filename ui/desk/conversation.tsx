import { useRef, useState } from "preact/hooks";
import { accept, release, resolve, select, takeOver } from "./actions";
import { Composer, dropped } from "./composer";
import { Dialog } from "./dialog";
import { Icon } from "./icon";
import { languageName, t } from "./language";
import { draftOf, keepDraft } from "./memory";
import { Messages } from "./messages";
import { Overview } from "./overview";
import { Quiet } from "./quiet";
import {
  conversationId,
  current,
  currentTalk,
  myId,
  nameOf,
  offers,
  onPage,
  presence,
  selected,
  showDetails,
  supervises,
  waiting,
} from "./state";
import { Transfer } from "./transfer";
import type { Entry } from "./types";

/** The middle: the talk on screen, and what can be done with it. */
export function Conversation() {
  const id = conversationId.value;
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  if (selected.value?.kind === "overview") return <Overview />;
  if (!selected.value || !id) return <Quiet />;
  const entry = current.value;
  const userName = nameOf(entry ?? currentTalk.value);
  const writable = !!entry && mayWrite(entry);
  const drag = (step: number) => (event: DragEvent) => {
    if (!writable || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth.current = Math.max(0, depth.current + step);
    setOver(depth.current > 0);
  };
  return (
    <main
      class="talk"
      id="talk"
      tabIndex={-1}
      onDragEnter={drag(1)}
      onDragLeave={drag(-1)}
      onDragOver={drag(0)}
      onDrop={(event) => {
        drag(-depth.current)(event);
        if (writable) dropped.value = [...(event.dataTransfer?.files ?? [])];
      }}
    >
      <Head id={id} entry={entry} userName={userName} />
      <Messages id={id} entry={entry} userName={userName} />
      {entry ? <Foot entry={entry} /> : <TakeOver id={id} />}
      {over && <p class="drop-here" aria-hidden="true"><Icon name="attach" />{t.dropHere}</p>}
    </main>
  );
}

function Head({ id, entry, userName }: { id: string; entry: Entry | undefined; userName: string }) {
  const here = onPage.value.get(id);
  const channel = entry?.channel ?? currentTalk.value?.channel;
  const language = entry?.language ?? currentTalk.value?.language;
  const holder = entry?.agent && entry.agent.id !== myId.value ? t.heldBy(entry.agent.name) : !entry ? t.botHasIt : "";
  return (
    <div class="talk-head">
      <button class="plain back" aria-label={t.back} onClick={() => select(null)}><Icon name="back" /></button>
      <div class="who-is-it">
        <h2 dir="auto">{userName}</h2>
        <p>
          {[holder, channel, language && languageName(language)].filter(Boolean).join(" · ")}
          {here === false && <span class="presence-mark"><Icon name="gone" small />{t.gone}</span>}
          {here === true && <span class="presence-mark">{t.there}</span>}
        </p>
      </div>
      {entry && !entry.ended_at && <Actions key={entry.id} entry={entry} />}
      <button
        class="plain open-details"
        aria-label={t.details}
        title={t.details}
        aria-expanded={showDetails.value}
        onClick={() => (showDetails.value = !showDetails.value)}
      >
        <Icon name="info" />
      </button>
    </div>
  );
}

function mayWrite(entry: Entry): boolean {
  return !entry.ended_at && !!entry.agent && (entry.agent.id === myId.value || supervises.value);
}

function Foot({ entry }: { entry: Entry }) {
  if (mayWrite(entry)) return <Composer key={entry.id} entry={entry} />;
  const next = offers.value[0] ?? waiting.value[0];
  return (
    <div class="foot-note">
      <Begun key={entry.id} entry={entry} />
      <p role="status">{entry.ended_at ? t.ended : entry.agent ? t.heldBy(entry.agent.name) : t.readFirst}</p>
      {!entry.ended_at && !entry.agent && <button class="primary" onClick={() => void accept(entry)}>{t.accept}</button>}
      {entry.ended_at && next && presence.value === "online" && (
        <button class="secondary" onClick={() => void accept(next)}>{t.takeNext}</button>
      )}
    </div>
  );
}

/** What the agent was still writing when the conversation ended or went to somebody else. */
function Begun({ entry }: { entry: Entry }) {
  const [text, setText] = useState(() => draftOf(myId.value, entry.id).text);
  if (!text || (!entry.ended_at && !entry.agent)) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    keepDraft(myId.value, entry.id, { text: "", note: false, files: [] });
    setText("");
  };
  return (
    <div class="begun">
      <p class="muted">{t.begun}</p>
      <blockquote dir="auto">{text}</blockquote>
      <button class="secondary small" onClick={() => void copy()}>{t.copyAndDiscard}</button>
    </div>
  );
}

function TakeOver({ id }: { id: string }) {
  return (
    <div class="foot-note">
      <p>{t.readingLive}</p>
      <button class="primary" onClick={() => void takeOver(id)}>{t.takeOver}</button>
    </div>
  );
}

function Actions({ entry }: { entry: Entry }) {
  const [open, setOpen] = useState<"transfer" | "close" | null>(null);
  const dismiss = () => setOpen(null);
  const mine = mayWrite(entry);
  const finish = () => {
    // Only where the visitor still waits for an answer is it worth a question.
    if (entry.last_message?.author === "user") setOpen("close");
    else void resolve(entry);
  };
  return (
    <>
      {(mine || supervises.value) && (
        <button class="secondary pass" onClick={() => setOpen("transfer")}>
          <Icon name="pass" />
          <span>{entry.agent ? t.transfer : t.assign}</span>
        </button>
      )}
      {mine && <button class="secondary release" title={t.releaseHint} onClick={() => void release(entry)}>{t.release}</button>}
      {mine && <button class="secondary resolve" onClick={finish}><Icon name="check" />{t.close}</button>}
      {open === "transfer" && <Transfer entry={entry} onDone={dismiss} />}
      {open === "close" && (
        <Dialog title={t.closeAsk} onDismiss={dismiss}>
          <p>{t.closeHint}</p>
          <div class="buttons">
            <button class="secondary" onClick={dismiss}>{t.cancel}</button>
            <button class="primary" autofocus onClick={() => void resolve(entry).then(dismiss)}>{t.close}</button>
          </div>
        </Dialog>
      )}
    </>
  );
}
