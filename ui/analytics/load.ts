// Answers of the server as the parts of the page use them: asked anew when the filter changes, the old one stays meanwhile.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Failed, get } from "./api";

/** Counts up when everything is to be asked again, e.g. after a log-in. */
export const round = signal(0);

/** The refusal of a filter, for the whole page. */
export const refused = signal<Failed | null>(null);

export interface Loaded<T> {
  data: T | null;
  failed: boolean;
  busy: boolean;
}

/** The answer of a call; asked again when the path changes. */
export function useAnswer<T>(path: string): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ data: null, failed: false, busy: true });
  const turn = round.value;
  useEffect(() => {
    const abort = new AbortController();
    setState((before) => ({ ...before, busy: true }));
    get<T>(path, abort.signal)
      .then((data) => setState({ data, failed: false, busy: false }))
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        if (error instanceof Failed && error.kind === "invalid") refused.value = error;
        setState({ data: null, failed: true, busy: false });
      });
    return () => abort.abort();
  }, [path, turn]);
  return state;
}

/** Ask everything again. */
export function reload(): void {
  refused.value = null;
  round.value += 1;
}
