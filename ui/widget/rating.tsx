// The question after a talk. It is asked once, about the talk that it was asked for.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { toComposer } from "./composer";
import { useScene } from "./scene";
import { fill } from "./texts";

const THANKS_MS = 6_000;

export function Rating(): JSX.Element {
  const { chat, view, t } = useScene();
  const [score, setScore] = useState(0);
  const [comment, setComment] = useState("");
  const [thanks, setThanks] = useState(false);
  const { rating: handover } = view;
  useEffect(() => {
    setScore(0);
    setComment("");
  }, [handover?.id]);
  useEffect(() => {
    if (!thanks) return;
    const timer = setTimeout(() => setThanks(false), THANKS_MS);
    return () => clearTimeout(timer);
  }, [thanks]);

  return (
    <>
      <div role="status">{thanks && <p class="strip">{t.thanks}</p>}</div>
      {handover && (
        <form
          class="strip rating"
          onSubmit={(event) => {
            event.preventDefault();
            if (!chat.rate(handover.id, score, comment)) return;
            toComposer(event);
            chat.rated(handover);
            setThanks(true);
          }}
        >
          <fieldset>
            <legend>{handover.rating?.text || t.rate}</legend>
            {[1, 2, 3, 4, 5].map((value) => (
              <label key={value} class={score === value ? "chosen" : ""}>
                <input
                  type="radio"
                  name="score"
                  value={value}
                  aria-label={fill(t.stars, `${value}`) + (value === 1 ? `, ${t.poor}` : value === 5 ? `, ${t.good}` : "")}
                  checked={score === value}
                  onChange={() => setScore(value)}
                />
                {value}
              </label>
            ))}
            <button
              class="quiet"
              type="button"
              onClick={(event) => {
                toComposer(event);
                chat.rated(handover);
              }}
            >
              {t.later}
            </button>
          </fieldset>
          {score > 0 && (
            <div class="comment">
              <input
                type="text"
                maxLength={1000}
                placeholder={t.comment}
                aria-label={t.comment}
                value={comment}
                onInput={(event) => setComment(event.currentTarget.value)}
              />
              <button class="filled" type="submit">
                {t.rateSend}
              </button>
            </div>
          )}
        </form>
      )}
    </>
  );
}
