// Who the visitor talks to, and the two ways out: a person, or the end.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useScene } from "./scene";

export function Header({ children }: { children: ComponentChildren }): JSX.Element {
  const { chat, t } = useScene();
  const asking = useSignal(false);
  const handover = chat.handover.value;
  const agent = handover?.status === "active" ? (handover.agent?.name ?? t.agent) : null;
  const ended = chat.ended.value;
  const canAskForHuman = chat.config.value?.human_button && chat.floor.value === "bot" && !ended;
  const canEnd = chat.messages.value.length > 0 && !ended && !asking.value;
  return (
    <header>
      <div class="who">
        <h1>{agent ?? chat.config.value?.title ?? t.title}</h1>
        {canAskForHuman && (
          <button class="link" type="button" onClick={() => chat.askForHuman()}>
            {t.human}
          </button>
        )}
      </div>
      {canEnd && (
        <button class="quiet" type="button" onClick={() => (asking.value = true)}>
          {t.end}
        </button>
      )}
      {asking.value && !ended && (
        <div class="ask" role="group" aria-label={t.endAsk}>
          <span>{t.endAsk}</span>
          <button class="quiet strong" type="button" onClick={() => chat.end() && (asking.value = false)}>
            {t.end}
          </button>
          <button class="quiet" type="button" onClick={() => (asking.value = false)}>
            {t.keep}
          </button>
        </div>
      )}
      {children}
    </header>
  );
}
