import { accept } from "./actions";
import { ago, t } from "./language";
import { Waited } from "./row";
import { offers, presence, waiting } from "./state";
import { now } from "./clock";

/** The middle while nothing is chosen: how it stands, and the one thing that is worth doing now. */
export function Quiet() {
  const next = offers.value[0] ?? waiting.value[0];
  const longest = waiting.value.reduce((least, entry) => (entry.waiting_since < least ? entry.waiting_since : least), next?.waiting_since ?? "");
  const takes = !!next && presence.value !== "offline";
  return (
    <main class="talk blank" data-calm={!next} id="talk" tabIndex={-1}>
      {next ? (
        <div>
          <p class="standing">{t.peopleWait(waiting.value.length)}</p>
          <p class="muted">{t.longest} <Waited since={longest} /></p>
          {takes && <button class="primary" onClick={() => void accept(next)}>{t.takeNext}</button>}
          <p class="muted">{takes ? t.orChoose : t.choose}</p>
        </div>
      ) : (
        <div>
          <p class="standing">{t.allQuiet}</p>
          <p class="muted">{presence.value === "online" ? t.allQuietHint : t.choose}</p>
        </div>
      )}
      <p class="muted keys-hint">{t.keysHint} <kbd>?</kbd></p>
    </main>
  );
}

/** When something was, as "3 min ago". */
export function Since({ at }: { at: string }) {
  return <time dateTime={at}>{ago((Date.parse(at) - now.value) / 1000)}</time>;
}
