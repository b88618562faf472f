import { useState } from "preact/hooks";
import { transfer } from "./actions";
import { Dialog } from "./dialog";
import { t } from "./language";
import { agents, inboxes } from "./state";
import type { Entry } from "./types";

/** Choose a colleague or an inbox; the conversation does not end. */
export function Transfer({ entry, onDone }: { entry: Entry; onDone: () => void }) {
  const [target, setTarget] = useState("");
  const [note, setNote] = useState("");
  const colleagues = agents.value.filter((agent) => agent.id !== entry.agent?.id);
  const submit = async (event: Event) => {
    event.preventDefault();
    const [kind, ...rest] = target.split(":");
    const name = rest.join(":");
    await transfer(entry, kind === "agent" ? { agent: name } : { inbox: name }, note.trim());
    onDone();
  };
  return (
    <Dialog title={t.transferAsk} onDismiss={onDone}>
      <form onSubmit={(event) => void submit(event)}>
        <fieldset>
          <legend>{t.toAgent}</legend>
          {colleagues.map((agent) => (
            <label class="option" key={agent.id}>
              <input
                type="radio"
                name="target"
                disabled={agent.presence === "offline"}
                checked={target === `agent:${agent.id}`}
                onChange={() => setTarget(`agent:${agent.id}`)}
              />
              <span class="dot" data-presence={agent.presence} />
              <span>{agent.name}</span>
              <small>{t[agent.presence]}, {t.load(agent.open, agent.capacity)}</small>
            </label>
          ))}
        </fieldset>
        <fieldset>
          <legend>{t.toInbox}</legend>
          {inboxes.value.map((inbox) => (
            <label class="option" key={inbox}>
              <input type="radio" name="target" checked={target === `inbox:${inbox}`} onChange={() => setTarget(`inbox:${inbox}`)} />
              <span>{inbox}</span>
            </label>
          ))}
        </fieldset>
        <textarea
          rows={2}
          dir="auto"
          aria-label={t.notePlaceholder}
          placeholder={t.notePlaceholder}
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
        <div class="buttons">
          <button type="button" class="secondary" onClick={onDone}>{t.cancel}</button>
          <button type="submit" class="primary" disabled={!target}>{t.transfer}</button>
        </div>
      </form>
    </Dialog>
  );
}
