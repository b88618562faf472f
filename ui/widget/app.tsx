// The frame of the chat: launcher and panel, or the full page.
import type { JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "./chat";
import { Composer } from "./composer";
import { Confirm } from "./confirm";
import { Header } from "./header";
import { ChatIcon, CloseIcon } from "./icons";
import { Log } from "./log";
import { nameOf } from "./message";
import { setScene, useScene } from "./scene";
import { Strips } from "./strips";
import { counted, textsFor } from "./texts";

interface Props {
  chat: Chat;
  fullPage: boolean;
  language: string;
}

export function App({ chat, fullPage, language }: Props): JSX.Element {
  const { view } = chat;
  const [, draw] = useState(0);
  const root = useRef<HTMLElement>(null);
  const spoken = view.config?.language ?? language;
  const t = textsFor(spoken);

  // not after painting: what the server says before that would be drawn with the next thing it says, if ever
  useLayoutEffect(() => {
    const redraw = () => draw((turn) => turn + 1);
    chat.listeners.add(redraw);
    document.addEventListener("visibilitychange", redraw);
    return () => chat.listeners.delete(redraw);
  }, []);
  useEffect(() => {
    if (view.open && view.atEnd && !document.hidden) chat.seen();
    if (fullPage) document.title = (chat.unread ? `(${chat.unread}) ` : "") + (view.config?.title ?? t.title);
  });
  useFocus(view.open, root, fullPage);
  useKeyboardRoom(root);

  setScene({ chat, view, t, language: localeFor(spoken), fullPage });
  const Frame = fullPage ? "main" : "aside";
  return (
    <Frame
      ref={root}
      class={fullPage ? "page" : view.open ? "embed open" : "embed"}
      lang={spoken}
      dir={direction(language)}
      aria-label={fullPage ? undefined : t.title}
    >
      {view.open ? <Panel /> : <Closed />}
    </Frame>
  );
}

/** The button that opens the chat, and above it what was said meanwhile. */
function Closed(): JSX.Element {
  const { chat, view, t } = useScene();
  const { unread } = chat;
  const { preview } = view;
  return (
    <>
      <div role="status">
        {preview && (
          <div class="preview">
            <button type="button" onClick={() => chat.open()}>
              <bdi class="name">{nameOf(preview, t, view.config)}</bdi>
              <span>{preview.text || preview.attachments[0]?.name}</span>
            </button>
            <button class="icon small" type="button" aria-label={t.hide} onClick={() => (view.preview = null)}>
              <CloseIcon />
            </button>
          </div>
        )}
      </div>
      <button
        class="launcher"
        type="button"
        aria-label={unread ? `${t.open}, ${counted(t.unread, unread)}` : t.open}
        aria-expanded="false"
        onClick={() => chat.open()}
      >
        <ChatIcon />
        {unread > 0 && <span class="badge">{unread > 99 ? "99+" : unread}</span>}
      </button>
    </>
  );
}

function Panel(): JSX.Element {
  const { chat, view, t, fullPage } = useScene();
  const [asking, setAsking] = useState(false);
  const [dragged, setDragged] = useState(false);
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files");
  return (
    <section
      class="panel"
      role={fullPage ? undefined : "dialog"}
      aria-label={fullPage ? undefined : (view.config?.title ?? t.title)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !fullPage && !event.isComposing) view.open = false;
      }}
      onDragOver={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault(); // else the browser would leave the page for the file
        setDragged(chat.filesAllowed);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDragged(false);
      }}
      onDrop={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        setDragged(false);
        if (event.dataTransfer) chat.attach(event.dataTransfer.files);
      }}
    >
      <div class="talk" inert={asking}>
        <Header onEnd={() => setAsking(true)} />
        <Log />
        <Strips />
        <Composer />
      </div>
      {dragged && <p class="cover drop">{t.attach}</p>}
      {asking && <Confirm onClose={() => setAsking(false)} />}
    </section>
  );
}

/** Who opens the chat wants to write, but not on a phone at once: its keyboard would hide what there is to read. Who
    closes it goes on where they were. A chat that the site opened takes no focus. */
function useFocus(open: boolean, root: RefObject<HTMLElement | null>, fullPage: boolean): void {
  const was = useRef(open && !fullPage);
  useLayoutEffect(() => {
    if (open === was.current) return;
    was.current = open;
    root.current?.querySelector<HTMLElement>(open ? (matchMedia("(pointer: fine)").matches ? "textarea" : ".log") : ".launcher")?.focus();
  }, [open]);
}

/** Phones lay their keyboard over the page; what is left of it is what the chat fills there. */
function useKeyboardRoom(root: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const seen = window.visualViewport;
    if (!seen) return;
    const fit = () => {
      const style = root.current?.style;
      if (seen.scale > 1.01) return; // somebody magnifies the page
      style?.setProperty("--room", `${seen.height}px`);
      style?.setProperty("--above", `${seen.offsetTop}px`);
    };
    fit(); // a page that is wider than the phone is shown smaller, and the viewport units do not know
    seen.addEventListener("resize", fit);
    seen.addEventListener("scroll", fit);
  }, []);
}

/** The visitor's own variety of the language, so that times look as they do elsewhere on their device. */
function localeFor(language: string): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language.slice(0, 2)) ?? language;
}

function direction(language: string): "rtl" | "ltr" {
  const page = getComputedStyle(document.documentElement).direction;
  return page === "rtl" || /^(ar|fa|he|ur)\b/.test(language) ? "rtl" : "ltr";
}
