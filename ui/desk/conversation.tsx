import { useRef, useState } from "preact/hooks";
import { accept, release, resolve, select, takeOver } from "./actions";
import { Composer, dropped } from "./composer";
import { Dialog } from "./dialog";
import { Icon } from "./icon";
import { languageName, t } from "./language";
import { Messages } from "./messages";
import { Overview } from "./overview";
import { Quiet } from "./quiet";
import { conversationId, current, currentTalk, myId, nameOf, selected, showDetails, supervises, threads } from "./state";
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
  const present = threads.value.get(id)?.present;
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
          {present === false && <span class="presence-mark"><Icon name="gone" small />{t.gone}</span>}
          {present === true && <span class="presence-mark">{t.there}</span>}
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
  if (entry.ended_at) return <p class="foot-note" role="status">{t.ended}</p>;
  if (!entry.agent) {
    return (
      <div class="foot-note">
        <p>{t.readFirst}</p>
        <button class="primary" onClick={() => void accept(entry)}>{t.accept}</button>
      </div>
    );
  }
  return mayWrite(entry) ? <Composer key={entry.id} entry={entry} /> : <p class="foot-note">{t.heldBy(entry.agent.name)}</p>;
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
        <button class="secondary" onClick={() => setOpen("transfer")}>{entry.agent ? t.transfer : t.assign}</button>
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
