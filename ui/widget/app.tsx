// The frame of the chat: launcher and panel, or the full page.
import { signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Chat } from "./chat";
import { Composer } from "./composer";
import { Header } from "./header";
import { ChatIcon, CloseIcon } from "./icons";
import { Log } from "./log";
import { SceneContext } from "./scene";
import { Strips } from "./strips";
import { type Texts, textsFor } from "./texts";

const pageVisible = signal(!document.hidden);
document.addEventListener("visibilitychange", () => (pageVisible.value = !document.hidden));

interface Props {
  chat: Chat;
  fullPage: boolean;
  language: string;
}

export function App({ chat, fullPage, language }: Props): JSX.Element {
  const open = useSignal(fullPage);
  const spoken = useComputed(() => chat.config.value?.language ?? language);
  const t = textsFor(spoken.value);
  const launcher = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (fullPage) chat.open();
  }, []);
  useSignalEffect(() => {
    if (chat.unread.value > 0 && open.value && pageVisible.value) chat.seen();
  });

  const show = () => {
    open.value = true;
    chat.open();
  };
  const hide = () => {
    open.value = false;
    requestAnimationFrame(() => launcher.current?.focus());
  };

  return (
    <SceneContext.Provider value={{ chat, t, language: localeFor(spoken.value) }}>
      <div class={fullPage ? "page" : "embed"} lang={spoken.value} dir={direction()}>
        {open.value ? (
          <Panel fullPage={fullPage} onHide={hide} />
        ) : (
          <Launcher t={t} unread={chat.unread.value} onShow={show} buttonRef={launcher} />
        )}
      </div>
    </SceneContext.Provider>
  );
}

interface LauncherProps {
  t: Texts;
  unread: number;
  onShow: () => void;
  buttonRef: { current: HTMLButtonElement | null };
}

function Launcher({ t, unread, onShow, buttonRef }: LauncherProps): JSX.Element {
  const label = unread > 0 ? `${t.open}, ${t.unread(unread)}` : t.open;
  return (
    <button ref={buttonRef} class="launcher" type="button" aria-label={label} onClick={onShow}>
      <ChatIcon />
      {unread > 0 && (
        <span class="badge" aria-hidden="true">
          {unread > 99 ? "99+" : unread}
        </span>
      )}
    </button>
  );
}

function Panel({ fullPage, onHide }: { fullPage: boolean; onHide: () => void }): JSX.Element {
  return (
    <SceneContext.Consumer>
      {(scene) => (
        <section
          class="panel"
          role={fullPage ? "region" : "dialog"}
          aria-label={scene?.chat.config.value?.title ?? scene?.t.title}
          onKeyDown={(event) => event.key === "Escape" && !fullPage && onHide()}
        >
          <Header>
            {!fullPage && (
              <button class="icon" type="button" aria-label={scene?.t.close} onClick={onHide}>
                <CloseIcon />
              </button>
            )}
          </Header>
          <Log />
          <Strips />
          <Composer autoFocus />
        </section>
      )}
    </SceneContext.Consumer>
  );
}

/** The visitor's own variety of the language, so that times look as they do elsewhere on their device. */
function localeFor(language: string): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language.slice(0, 2)) ?? language;
}

function direction(): "rtl" | "ltr" {
  return getComputedStyle(document.documentElement).direction === "rtl" ? "rtl" : "ltr";
}
