import { useState } from "preact/hooks";
import { accept, resolve, select, takeOver } from "./actions";
import { Composer } from "./composer";
import { Dialog } from "./dialog";
import { Icon } from "./icon";
import { t } from "./language";
import { Messages } from "./messages";
import { conversationId, current, me, myId, selected, showDetails, talks, threads } from "./state";
import { Transfer } from "./transfer";
import type { Entry } from "./types";

/** The middle: the talk on screen, and what can be done with it. */
export function Conversation() {
  const id = conversationId.value;
  if (!selected.value || !id) {
    return (
      <main class="talk blank">
        <div>
          <p>{t.choose}</p>
          <p class="muted">{t.chooseHint}</p>
        </div>
      </main>
    );
  }
  const entry = current.value;
  const user = entry?.user ?? talks.value.find((talk) => talk.id === id)?.user;
  const thread = threads.value.get(id);
  return (
    <main class="talk">
      <div class="talk-head">
        <button class="plain back" aria-label={t.back} onClick={() => select(null)}>←</button>
        <h2><bdi>{user?.name || t.visitor}</bdi></h2>
        {thread && !thread.present && <span class="tag">{t.gone}</span>}
        {entry && mayWrite(entry) && <Actions key={entry.id} entry={entry} />}
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
      <Messages id={id} entry={entry} userName={user?.name || t.visitor} />
      {entry ? <Foot entry={entry} /> : <TakeOver id={id} />}
    </main>
  );
}

function mayWrite(entry: Entry): boolean {
  return !entry.ended_at && !!entry.agent && (entry.agent.id === myId.value || me.value?.agent.role === "supervisor");
}

function Foot({ entry }: { entry: Entry }) {
  if (entry.ended_at) return <p class="foot-note" role="status">{t.ended}</p>;
  if (!entry.agent) {
    return (
      <div class="foot-note">
        <button class="primary" onClick={() => void accept(entry)}>{t.accept}</button>
      </div>
    );
  }
  return mayWrite(entry) ? <Composer key={entry.id} entry={entry} /> : <p class="foot-note">{t.taken(entry.agent.name)}</p>;
}

function TakeOver({ id }: { id: string }) {
  return (
    <div class="foot-note">
      <button class="primary" onClick={() => void takeOver(id)}>{t.takeOver}</button>
    </div>
  );
}

function Actions({ entry }: { entry: Entry }) {
  const [open, setOpen] = useState<"transfer" | "close" | null>(null);
  const dismiss = () => setOpen(null);
  return (
    <>
      <button class="secondary" onClick={() => setOpen("transfer")}>{t.transfer}</button>
      <button class="secondary" onClick={() => setOpen("close")}>{t.close}</button>
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
