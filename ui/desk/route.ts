// The address bar says what is on screen, so that a reload and the browser's way back work.
import { effect } from "@preact/signals";
import { select } from "./actions";
import { phase, selected, type Selection } from "./state";

const KINDS: Record<string, "handover" | "talk"> = { handovers: "handover", conversations: "talk" };

function addressOf(choice: Selection | null): string {
  if (!choice) return "#";
  if (choice.kind === "overview") return "#overview";
  return `#${choice.kind === "handover" ? "handovers" : "conversations"}/${encodeURIComponent(choice.id)}`;
}

function choiceOf(address: string): Selection | null {
  const [kind = "", id = ""] = address.slice(1).split("/");
  if (kind === "overview") return { kind: "overview", id: "" };
  const known = KINDS[kind];
  return known && id ? { kind: known, id: decodeURIComponent(id) } : null;
}

/** Follow the address, and write what is chosen into it. */
export function followAddress(): void {
  let started = false;
  effect(() => {
    if (phase.value !== "ready" || started) return;
    started = true;
    const wanted = choiceOf(location.hash);
    queueMicrotask(() => {
      if (wanted && !selected.value) select(wanted);
      effect(() => {
        const address = addressOf(selected.value);
        // From the list into a conversation is a step that "back" takes back; from one to the next is not.
        if ((location.hash || "#") === address) return;
        if ((location.hash || "#") === "#") history.pushState(null, "", address);
        else history.replaceState(null, "", address);
      });
    });
  });
  addEventListener("popstate", () => {
    if (addressOf(selected.value) !== (location.hash || "#")) select(choiceOf(location.hash));
  });
}
