import { useEffect } from "preact/hooks";
import { accept } from "./actions";
import { Conversation } from "./conversation";
import { now } from "./clock";
import { Details } from "./details";
import { Header } from "./header";
import { Icon } from "./icon";
import { KeySheet, shortcut } from "./keys";
import { t } from "./language";
import { List } from "./list";
import { Login, LoginAgain } from "./login";
import { called, connected, me, myId, nameOf, notice, offers, phase, selected, showDetails, spoken } from "./state";

/** The whole page: log-in, or list, conversation and details side by side. */
export function App() {
  useEffect(() => {
    document.addEventListener("keydown", shortcut);
    return () => document.removeEventListener("keydown", shortcut);
  }, []);
  if (phase.value === "starting") return <p class="starting" aria-busy="true">{t.desk}</p>;
  if (!me.value) return <Login />;
  const chosen = selected.value;
  return (
    <div class="desk" data-pane={chosen ? "talk" : "list"} data-chosen={chosen?.kind ?? "none"} data-details={showDetails.value}>
      <a class="skip" href="#talk" onClick={(event) => (event.preventDefault(), document.getElementById("talk")?.focus())}>{t.skip}</a>
      <Header />
      <div class="status" role="status">
        {!connected.value && <p class="warning"><Icon name="clock" small />{t.connecting}</p>}
      </div>
      <OfferStrip />
      <List />
      <Conversation />
      {chosen && <Details />}
      <Notice />
      <KeySheet />
      {phase.value === "login" && <LoginAgain />}
      <p class="unseen" aria-live="polite">{spoken.value}</p>
      <p class="unseen" aria-live="assertive">{called.value}</p>
    </div>
  );
}

/** What went wrong last, until it is dismissed. */
function Notice() {
  return (
    <div class="notice" role="status">
      {notice.value && (
        <p>
          <span>{notice.value}</span>
          <button class="plain" aria-label={t.dismiss} onClick={() => (notice.value = "")}><Icon name="close" small /></button>
        </p>
      )}
    </div>
  );
}

/** An offer where the list is out of sight. */
function OfferStrip() {
  const offer = offers.value.find((entry) => entry.offer && Date.parse(entry.offer.expires_at) > now.value && entry.offer.agent === myId.value);
  if (!offer?.offer || selected.value?.id === offer.id) return null;
  return (
    <section class="offer-strip" aria-label={t.waiting}>
      <span>{t.newOffer(nameOf(offer))}</span>
      <button class="primary small" onClick={() => void accept(offer)}>
        {t.accept} <span class="countdown">{Math.ceil((Date.parse(offer.offer.expires_at) - now.value) / 1000)}</span>
      </button>
    </section>
  );
}
