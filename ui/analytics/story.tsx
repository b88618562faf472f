// One handover as sentences, with the proof of its delivery; a panel beside the figures.
import { useEffect, useRef, useState } from "preact/hooks";
import { filter, story, tell } from "./address";
import { Failed, get, type Listed, type Proof } from "./api";
import { clock, count, moment } from "./format";
import { fill, locale, t } from "./language";

interface Sentence {
  at: string;
  text: string;
}

interface Told {
  sentences: Sentence[];
  proof: Proof["counts"];
}

export function Story() {
  const id = story.value;
  return id === null ? null : <Panel key={id} id={id} />;
}

function Panel({ id }: { id: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [told, setTold] = useState<Told | null>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    const one = `handovers/${encodeURIComponent(id)}`;
    dialog.current?.showModal();
    Promise.all([get<Listed<Sentence>>(`${one}/explain?language=${locale}`, abort.signal), get<Proof>(`${one}/proof`, abort.signal)])
      .then(([found, proof]) => setTold({ sentences: found.items, proof: proof.counts }))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setWrong(error instanceof Failed && error.kind === "absent" ? t.storyNone : t.failedLoad);
      });
    return () => abort.abort();
  }, [id]);
  const close = (): void => tell(null);
  return (
    <dialog ref={dialog} class="story" aria-labelledby="story-title" onClose={close} onClick={(event) => event.target === event.currentTarget && close()}>
      <div>
        <header>
          <h2 id="story-title">{t.story}</h2>
          <button type="button" class="quiet" onClick={close}>{t.close}</button>
        </header>
        <p class="muted id"><bdi>{id}</bdi></p>
        {wrong && <p role="status">{wrong}</p>}
        {!told && !wrong && <p class="muted" aria-busy="true">{t.loading}</p>}
        {told && <Sentences items={told.sentences} />}
        {told && <Proved counts={told.proof} />}
      </div>
    </dialog>
  );
}

function Sentences({ items }: { items: Sentence[] }) {
  const zone = filter.value.tz;
  const first = items[0];
  return (
    <>
      {first && <p class="muted">{moment(first.at, zone)}</p>}
      <ol dir="auto">
        {items.map((one, at) => (
          <li key={at}>
            <time dateTime={one.at}>{clock(one.at, zone)}</time>
            <span>{one.text}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Proved({ counts }: { counts: Proof["counts"] }) {
  const well = counts.delivered === counts.accepted && !counts.repeated && !counts.misordered;
  const names = Object.keys(t.proofCounts) as (keyof Proof["counts"])[];
  return (
    <>
      <h3>{t.proof}</h3>
      {counts.accepted === 0 ? (
        <p>{t.proofNone}</p>
      ) : well ? (
        <p class="well">{fill(t.proofWell, { count: count(counts.accepted) })}</p>
      ) : (
        <p class="pairs">{names.map((name) => <span key={name}>{t.proofCounts[name]} <b>{count(counts[name])}</b></span>)}</p>
      )}
    </>
  );
}
