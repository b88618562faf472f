// The desk by keyboard. Single letters work while no text is being written, and can be switched off.
import { signal } from "@preact/signals";
import { accept, select } from "./actions";
import { writeAs } from "./composer";
import { Dialog } from "./dialog";
import { t } from "./language";
import { cursor, focusLine, openLine, selectedKey, stops } from "./list";
import { singleKeys } from "./memory";
import { current, offers, phase, selected, showDetails } from "./state";

export const showKeys = signal(false);

export function shortcut(event: KeyboardEvent): void {
  if (phase.value !== "ready" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const typing = isTyping(event.target);
  if (event.altKey ? withAlt(event) : !event.ctrlKey && !event.metaKey && alone(event, typing)) event.preventDefault();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "radio");
}

function withAlt(event: KeyboardEvent): boolean {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = step(selectedKey.value, event.key === "ArrowDown" ? 1 : -1);
    if (next) openLine(next);
    return true;
  }
  if (event.code !== "KeyA") return false;
  const wanted = current.value && !current.value.agent ? current.value : offers.value[0];
  if (wanted) void accept(wanted);
  return true;
}

function alone(event: KeyboardEvent, typing: boolean): boolean {
  if (event.key === "Escape") return back(event.target);
  if (typing) return false;
  const inList = (event.target as Element | null)?.closest?.(".list") || event.target === document.body;
  if (inList && (event.key === "ArrowDown" || event.key === "ArrowUp")) return walk(event.key === "ArrowDown" ? 1 : -1);
  if (inList && (event.key === "Home" || event.key === "End")) return jump(event.key === "Home" ? stops.value[0] : stops.value.at(-1));
  if (!singleKeys.value) return false;
  switch (event.key) {
    case "j":
      return walk(1);
    case "k":
      return walk(-1);
    case "/":
      document.getElementById("filter")?.focus();
      return true;
    case "r":
      writeAs.value = current.value ? "message" : null;
      return true;
    case "n":
      writeAs.value = current.value ? "note" : null;
      return true;
    case "a":
      return withAlt(new KeyboardEvent("keydown", { code: "KeyA" }));
    case "i":
      showDetails.value = !showDetails.value;
      return true;
    case "?":
      showKeys.value = true;
      return true;
    default:
      return false;
  }
}

/** First out of the field or off the button, then out of the details, then out of the conversation. */
function back(target: EventTarget | null): boolean {
  const talk = document.getElementById("talk");
  if (target instanceof HTMLElement && target !== talk && talk?.contains(target)) {
    talk.focus();
    return true;
  }
  if (isTyping(target)) return false;
  if (showDetails.value) showDetails.value = false;
  else if (selected.value) {
    const key = selectedKey.value;
    select(null);
    if (stops.value.includes(key)) focusLine(key);
  }
  return true;
}

function step(from: string, by: number): string | undefined {
  const at = stops.value.indexOf(from);
  return at < 0 ? stops.value[0] : stops.value[Math.max(0, Math.min(stops.value.length - 1, at + by))];
}

function walk(by: number): boolean {
  const onLine = document.activeElement?.closest("[data-key]") !== null && stops.value.includes(cursor.value);
  return jump(onLine ? step(cursor.value, by) : (stops.value.includes(selectedKey.value) ? selectedKey.value : stops.value[0]));
}

function jump(key: string | undefined): boolean {
  if (key) focusLine(key);
  return true;
}

/** What the keys do. */
export function KeySheet() {
  if (!showKeys.value) return null;
  const rows: [string[], string][] = [
    [["j", "k", "↓", "↑"], t.keyWalk],
    [["Enter"], t.keyOpen],
    [["a", "Alt+A"], t.keyAccept],
    [["r"], t.keyMessage],
    [["n"], t.keyNote],
    [["/"], t.keyFilter],
    [["i"], t.keyDetails],
    [["Esc"], t.keyBack],
    [["Alt+↓", "Alt+↑"], t.keySwitch],
    [["?"], t.shortcuts],
  ];
  const dismiss = () => (showKeys.value = false);
  return (
    <Dialog title={t.shortcuts} onDismiss={dismiss}>
      <table class="keys">
        <tbody>
          {rows.map(([keys, what]) => (
            <tr key={keys.join()}>
              <th scope="row">{keys.map((key) => <kbd key={key}>{key}</kbd>)}</th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="muted">{t.keysInField}</p>
      <div class="buttons">
        <button class="secondary" autofocus onClick={dismiss}>{t.dismiss}</button>
      </div>
    </Dialog>
  );
}
