import { useEffect } from "preact/hooks";
import { accept, select } from "./actions";
import { Conversation } from "./conversation";
import { Details } from "./details";
import { Header } from "./header";
import { t } from "./language";
import { List } from "./list";
import { Login } from "./login";
import { connected, current, mine, notice, phase, selected, showDetails, spoken, waiting } from "./state";

/** The whole page: log-in, or list, conversation and details side by side. */
export function App() {
  useEffect(() => {
    document.addEventListener("keydown", shortcut);
    return () => document.removeEventListener("keydown", shortcut);
  }, []);
  if (phase.value === "starting") return <p class="starting" aria-busy="true">{t.desk}</p>;
  if (phase.value === "login") return <Login />;
  const pane = selected.value ? "talk" : "list";
  return (
    <div class="desk" data-pane={pane} data-details={showDetails.value}>
      <Header />
      <div class="status" role="status">
        {!connected.value && <p class="warning">{t.connecting}</p>}
        {notice.value && (
          <p class="warning">
            {notice.value}{" "}
            <button class="plain" aria-label="×" onClick={() => (notice.value = "")}>×</button>
          </p>
        )}
      </div>
      <List />
      <Conversation />
      {selected.value && <Details />}
      <p class="unseen" aria-live="assertive">{spoken.value}</p>
    </div>
  );
}

/** Alt with up or down walks through the list, Alt+A accepts, Escape goes back to the list. */
function shortcut(event: KeyboardEvent): void {
  if (phase.value !== "ready" || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && selected.value) return select(null);
  if (!event.altKey) return;
  const all = [...waiting.value, ...mine.value];
  const at = all.findIndex((entry) => entry.id === selected.value?.id);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = all[at + (event.key === "ArrowDown" ? 1 : -1)] ?? all[0];
    if (next) select({ kind: "handover", id: next.id });
  } else if (event.code === "KeyA" && current.value && !current.value.agent) {
    void accept(current.value);
  } else return;
  event.preventDefault();
}
