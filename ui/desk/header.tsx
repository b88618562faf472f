import { useEffect, useRef, useState } from "preact/hooks";
import { logOut, select, setPresence } from "./actions";
import { askToNotify, canNotify, ring } from "./alerts";
import { Dialog } from "./dialog";
import { Avatar, Icon } from "./icon";
import { t } from "./language";
import { notify, singleKeys, sound } from "./memory";
import { showKeys } from "./keys";
import { held, me, presence, selected, supervises } from "./state";
import type { Presence } from "./types";

const PRESENCES: Presence[] = ["online", "busy", "away", "offline"];

/** Who you are and whether you are there. */
export function Header() {
  const agent = me.value?.agent;
  const [leaving, setLeaving] = useState<"offline" | "out" | null>(null);
  if (!agent) return null;
  const choose = (next: Presence) => {
    if (next === "offline" && held.value > 0) setLeaving("offline");
    else void setPresence(next);
  };
  const goOut = () => (held.value > 0 ? setLeaving("out") : void logOut());
  const goAnyway = () => {
    void (leaving === "out" ? logOut() : setPresence("offline"));
    setLeaving(null);
  };
  return (
    <header class="bar">
      <h1><span class="logo" aria-hidden="true" />{t.desk}</h1>
      {supervises.value && (
        <div class="places">
          <button aria-pressed={selected.value?.kind === "overview"} onClick={() => select(selected.value?.kind === "overview" ? null : { kind: "overview", id: "" })}>{t.overview}</button>
          <a href="/analytics">{t.figures}</a>
        </div>
      )}
      <span class="load" title={t.loadHint}>{t.loadHere(agent.open, agent.capacity)}</span>
      <label class="presence" data-presence={presence.value}>
        <span class="dot" data-presence={presence.value} />
        <span class="unseen">{t.presence}</span>
        <select
          value={presence.value}
          onChange={(event) => {
            const next = event.currentTarget.value as Presence;
            event.currentTarget.value = presence.value; // until it is so
            choose(next);
          }}
        >
          {PRESENCES.map((name) => (
            <option key={name} value={name}>{t[name]}</option>
          ))}
        </select>
      </label>
      <Menu onLogOut={goOut} />
      {leaving && (
        <Dialog title={leaving === "out" ? t.logOutAsk : t.offlineAsk} onDismiss={() => setLeaving(null)}>
          <p>{t.offlineMeans(held.value)}</p>
          <div class="buttons">
            <button class="secondary" autofocus onClick={() => setLeaving(null)}>{t.stay}</button>
            <button class="primary" onClick={goAnyway}>{leaving === "out" ? t.logOut : t.goOffline}</button>
          </div>
        </Dialog>
      )}
    </header>
  );
}

/** What is set once and forgotten, and the way out. */
function Menu({ onLogOut }: { onLogOut: () => void }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const agent = me.value?.agent;
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => !box.current?.contains(event.target as Node) && setOpen(false);
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  return (
    <div class="menu" ref={box} onKeyDown={escape}>
      <button class="plain menu-button" aria-label={t.settings} title={t.settings} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Avatar name={agent?.name ?? ""} address={agent?.avatar_url ?? null} />
      </button>
      {open && (
        <div class="menu-panel">
          <p><strong><bdi>{agent?.name}</bdi></strong> <small>{agent?.id}{supervises.value && ` · ${t.supervisor}`}</small></p>
          <Notifications />
          <label class="switch">
            <input
              type="checkbox"
              checked={sound.value}
              onChange={(event) => {
                sound.value = event.currentTarget.checked;
                if (sound.value) ring();
              }}
            />
            <span>{t.sound}<small>{t.soundHint}</small></span>
          </label>
          <label class="switch">
            <input type="checkbox" checked={singleKeys.value} onChange={(event) => (singleKeys.value = event.currentTarget.checked)} />
            <span>{t.singleKeys}<small>{t.singleKeysHint}</small></span>
          </label>
          {supervises.value && <a class="entry" href="/analytics"><Icon name="outside" />{t.figures}</a>}
          <button class="entry" onClick={() => (setOpen(false), (showKeys.value = true))}><Icon name="info" />{t.shortcuts}</button>
          <button class="entry" onClick={() => (setOpen(false), onLogOut())}><Icon name="outside" />{t.logOut}</button>
        </div>
      )}
    </div>
  );
}

/** Off until asked for; what the browser forbids is said, not tried. */
function Notifications() {
  const [refused, setRefused] = useState(canNotify() && Notification.permission === "denied");
  if (!canNotify()) return null;
  if (refused) return <p class="switch muted">{t.notifyRefused}</p>;
  const on = notify.value && Notification.permission === "granted";
  return (
    <label class="switch">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => {
          if (!event.currentTarget.checked) notify.value = false;
          else void askToNotify().then((granted) => setRefused(!granted));
        }}
      />
      <span>{t.notifications}<small>{t.notificationsHint}</small></span>
    </label>
  );
}
