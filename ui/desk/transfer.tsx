import { useState } from "preact/hooks";
import { transfer } from "./actions";
import { Dialog } from "./dialog";
import { t } from "./language";
import { agents, inboxes, myId, nameOf } from "./state";
import type { Agent, Entry } from "./types";

/** Beyond so many choices a search field helps. */
const MANY = 7;
const ORDER = ["online", "busy", "away", "offline"];

/** Choose a colleague or an inbox; the conversation does not end. */
export function Transfer({ entry, onDone }: { entry: Entry; onDone: () => void }) {
  const [target, setTarget] = useState("");
  const [note, setNote] = useState("");
  const [search, setSearch] = useState("");
  const fits = (name: string) => name.toLocaleLowerCase().includes(search.trim().toLocaleLowerCase());
  const everybody = agents.value.filter((agent) => agent.id !== entry.agent?.id);
  const colleagues = everybody.filter((agent) => fits(`${agent.name} ${agent.skills.join(" ")}`)).sort(byPresence);
  const boxes = inboxes.value.filter(fits);
  const submit = async (event: Event) => {
    event.preventDefault();
    const [kind, ...rest] = target.split(":");
    const name = rest.join(":");
    if (await transfer(entry, kind === "agent" ? { agent: name } : { inbox: name }, note.trim())) onDone();
  };
  return (
    <Dialog title={entry.agent ? t.transferAsk : t.assignAsk(nameOf(entry))} onDismiss={onDone}>
      <form onSubmit={(event) => void submit(event)}>
        {everybody.length + inboxes.value.length > MANY && (
          <input type="search" aria-label={t.searchPeople} placeholder={t.searchPeople} value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        )}
        <div class="options">
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
                <span><bdi>{agent.name}</bdi>{agent.id === myId.value && ` (${t.you})`}</span>
                <small>{t[agent.presence]} · {t.load(agent.open, agent.capacity)}</small>
              </label>
            ))}
            {!colleagues.length && <p class="muted">{t.nobodyFits}</p>}
          </fieldset>
          <fieldset>
            <legend>{t.toInbox}</legend>
            {boxes.map((inbox) => (
              <label class="option" key={inbox}>
                <input type="radio" name="target" checked={target === `inbox:${inbox}`} onChange={() => setTarget(`inbox:${inbox}`)} />
                <span>{inbox}</span>
              </label>
            ))}
          </fieldset>
        </div>
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
          <button type="submit" class="primary" disabled={!target}>{entry.agent ? t.transfer : t.assign}</button>
        </div>
      </form>
    </Dialog>
  );
}

function byPresence(a: Agent, b: Agent): number {
  return ORDER.indexOf(a.presence) - ORDER.indexOf(b.presence) || a.open / a.capacity - b.open / b.capacity || a.name.localeCompare(b.name);
}
