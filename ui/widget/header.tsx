// Who the visitor talks to, the way to a person, and everything else in a small menu.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "./avatar";
import { toComposer } from "./composer";
import { CloseIcon } from "./icons";
import { Menu } from "./menu";
import { useScene } from "./scene";

const CALM_MS = 1_500;

export function Header({ onEnd }: { onEnd: () => void }): JSX.Element {
  const { chat, view, t, fullPage } = useScene();
  const title = view.config?.title ?? t.title;
  const agent = view.handover?.status === "active" && !view.ended ? (view.handover.agent ?? {}) : null;
  const bot = view.config?.bot;
  const name = agent ? (agent.name ?? t.agent) : (bot?.name ?? title);
  const reconnecting = useLate(view.line === "down", CALM_MS);
  const asksForHuman = chat.canAskForHuman && !reconnecting;
  const Title = fullPage ? "h1" : "h2";
  return (
    <header>
      {(agent || bot?.avatar_url) && <Avatar url={(agent ?? bot)?.avatar_url} name={name} />}
      <div class="who">
        <Title>
          <bdi>{name}</bdi>
        </Title>
        <p role="status">{reconnecting ? t.reconnecting : name === title || asksForHuman ? "" : title}</p>
        {asksForHuman && (
          <button
            class="link"
            type="button"
            onClick={(event) => {
              toComposer(event);
              chat.askForHuman();
            }}
          >
            {t.human}
          </button>
        )}
      </div>
      <Menu onEnd={onEnd} />
      {!fullPage && (
        <button class="icon" type="button" aria-label={t.close} onClick={() => (view.open = false)}>
          <CloseIcon />
        </button>
      )}
    </header>
  );
}

/** True once something has lasted so long: a break that mends itself at once is nobody's concern. */
export function useLate(holds: boolean, ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!holds) return;
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [holds]);
  return holds && late;
}
