// The one question that is asked twice: whether to end the chat. What lies behind it is inert meanwhile.
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useScene } from "./scene";

export function Confirm({ onClose }: { onClose: () => void }): JSX.Element {
  const { chat, t } = useScene();
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const before = (keep.current?.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    keep.current?.focus();
    return () => void requestAnimationFrame(() => before?.focus()); // not before it can have the focus again
  }, []);
  return (
    <div
      class="cover"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <dialog open aria-modal="true" aria-label={t.endAsk}>
        <p>{t.endAsk}</p>
        <button
          class="filled"
          type="button"
          onClick={() => {
            onClose();
            chat.end();
          }}
        >
          {t.end}
        </button>
        <button ref={keep} class="quiet" type="button" onClick={onClose}>
          {t.keep}
        </button>
      </dialog>
    </div>
  );
}
