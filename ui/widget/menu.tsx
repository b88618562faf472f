// The small menu of the header, by mouse and by arrow keys.
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { CheckIcon, MenuIcon } from "./icons";
import { save } from "./save";
import { useScene } from "./scene";

export function Menu({ onEnd }: { onEnd: () => void }): JSX.Element {
  const scene = useScene();
  const { chat, view, t } = scene;
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const said = chat.talk.entries.length > 0;

  useLayoutEffect(() => {
    if (open) items(list.current)[0]?.focus();
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const item = (text: ComponentChildren, act: () => void, checked?: boolean) => (
    <button
      type="button"
      role={checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked={checked}
      tabIndex={-1}
      onClick={() => {
        close();
        act();
      }}
    >
      {text}
    </button>
  );

  return (
    <div
      class="menu"
      onMouseDown={(event) => event.preventDefault() /* a click does not move the focus, in no browser */}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
      onKeyDown={(event) => {
        if (!open) return;
        if (event.key === "Escape") {
          event.stopPropagation();
          close();
        } else if (event.key.startsWith("Arrow")) {
          event.preventDefault();
          step(list.current, event.key === "ArrowDown" ? 1 : -1);
        }
      }}
    >
      <button
        ref={button}
        class="icon"
        type="button"
        aria-label={t.menu}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <MenuIcon />
      </button>
      {open && (
        <div ref={list} role="menu" aria-label={t.menu}>
          {item(
            <>
              {t.sound}
              {view.sound && <CheckIcon />}
            </>,
            () => chat.setSound(!view.sound),
            view.sound,
          )}
          {chat.canAskForHuman && item(t.human, () => chat.askForHuman())}
          {said && item(t.save, () => void save(scene))}
          {said && !view.ended && view.config?.end_button !== false && item(t.end, onEnd)}
        </div>
      )}
    </div>
  );
}

function items(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>("button") ?? [])];
}

function step(list: HTMLElement | null, by: number): void {
  const all = items(list);
  const at = all.findIndex((each) => each.matches(":focus"));
  all.at((at + by) % all.length)?.focus();
}
