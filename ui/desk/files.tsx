// Files on their way into a message: picked, pasted or dropped; sent to the server at once, so that sending is quick.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { fileSize } from "../shared/time";
import { isLoggedOut, upload } from "./api";
import { Icon } from "./icon";
import { locale, t } from "./language";
import type { Draft } from "./memory";
import { words } from "./problems";
import { leave } from "./sync";
import type { Upload } from "./types";

interface One {
  key: string;
  name: string;
  size: number;
  /** The share that is at the server, 0 to 1. */
  share: number;
  uploadId: string;
  problem: string;
  picture: string;
  stop: AbortController | null;
}

export interface Files {
  all: readonly One[];
  ready: Draft["files"];
  busy: boolean;
  add: (files: readonly File[]) => void;
  remove: (key: string) => void;
  clear: () => void;
}

export function useFiles(kept: Draft["files"]): Files {
  const [all, setAll] = useState<readonly One[]>(() =>
    kept.map(({ upload_id, name, size }) => ({ key: upload_id, name, size, share: 1, uploadId: upload_id, problem: "", picture: "", stop: null })),
  );
  const latest = useRef(all);
  latest.current = all;
  useEffect(() => () => latest.current.forEach(forget), []);
  const change = (key: string, what: Partial<One>) =>
    setAll((known) => known.map((one) => (one.key === key ? { ...one, ...what } : one)));

  const add = (files: readonly File[]) => {
    for (const file of files) {
      const stop = new AbortController();
      const picture = file.type.startsWith("image/") ? URL.createObjectURL(file) : "";
      const one: One = { key: crypto.randomUUID(), name: file.name, size: file.size, share: 0, uploadId: "", problem: "", picture, stop };
      setAll((known) => [...known, one]);
      upload<Upload>(file, (share) => change(one.key, { share }), stop.signal).then(
        (done) => change(one.key, { share: 1, uploadId: done.upload_id, name: done.name, size: done.size }),
        (error: unknown) => {
          if (isLoggedOut(error)) leave("expired");
          if (!stop.signal.aborted) change(one.key, { problem: words(error, "upload") });
        },
      );
    }
  };
  const remove = (key: string) => {
    setAll((known) => known.filter((one) => one.key !== key || (forget(one), false)));
  };
  const clear = () => {
    all.forEach(forget);
    setAll([]);
  };
  const ready = useMemo(
    () => all.filter((one) => one.uploadId).map(({ uploadId, name, size }) => ({ upload_id: uploadId, name, size })),
    [all],
  );
  return { all, ready, busy: all.some((one) => !one.uploadId && !one.problem), add, remove, clear };
}

function forget(one: One): void {
  if (!one.uploadId) one.stop?.abort();
  if (one.picture) URL.revokeObjectURL(one.picture);
}

export function Chosen({ files }: { files: Files }) {
  if (!files.all.length) return null;
  return (
    <ul class="files">
      {files.all.map((one) => (
        <li key={one.key} data-problem={!!one.problem}>
          {one.picture ? <img src={one.picture} alt="" /> : <Icon name="file" />}
          <span class="file-name">
            <span dir="auto">{one.name}</span>
            {one.problem ? (
              <small role="alert">{one.problem}</small>
            ) : one.uploadId ? (
              <small>{fileSize(one.size, locale)}</small>
            ) : (
              <progress value={one.share} max={1} aria-label={t.uploading(one.name)} />
            )}
          </span>
          <button type="button" class="plain" aria-label={t.removeFile(one.name)} onClick={() => files.remove(one.key)}>
            <Icon name="close" small />
          </button>
        </li>
      ))}
    </ul>
  );
}
