import { logOut, setPresence } from "./actions";
import { t } from "./language";
import { me, presence } from "./state";
import type { Presence } from "./types";

const PRESENCES: Presence[] = ["online", "busy", "away", "offline"];

/** Who you are and whether you are there. */
export function Header() {
  const agent = me.value?.agent;
  if (!agent) return null;
  return (
    <header class="bar">
      <h1>{t.desk}</h1>
      <span class="who" title={agent.id}>
        {agent.name}
        <small>{t.load(agent.open, agent.capacity)}</small>
      </span>
      <label class="presence" data-presence={presence.value}>
        <span class="unseen">{t.presence}</span>
        <select value={presence.value} onChange={(event) => void setPresence(event.currentTarget.value as Presence)}>
          {PRESENCES.map((name) => (
            <option key={name} value={name}>{t[name]}</option>
          ))}
        </select>
      </label>
      <button class="plain" onClick={() => void logOut()}>{t.logOut}</button>
    </header>
  );
}
