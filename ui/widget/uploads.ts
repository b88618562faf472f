// Files on their way to the server, and those that wait there for the message that they belong to.
import type { Connection } from "./connection";

export interface SentFile {
  upload_id: string;
  name: string;
  size: number;
}

/** A file in the composer. */
export interface Upload {
  name: string;
  size: number;
  /** How much of it the server has, 0 to 1. */
  progress: number;
  upload_id: string;
  /** Why it was not taken. */
  problem: string;
  stop: () => void;
}

const MOST = 10;

export class Uploads {
  list: Upload[] = [];
  /** What could not even be tried. */
  problem = "";

  constructor(
    readonly connection: Connection,
    readonly changed: () => void,
  ) {}

  get busy(): boolean {
    return this.list.some((file) => !file.upload_id && !file.problem);
  }

  get ready(): SentFile[] {
    return this.list.filter((file) => file.upload_id);
  }

  add(files: Iterable<File>, maxBytes: number): void {
    this.problem = "";
    for (const file of files) {
      if (this.list.length >= MOST) this.problem = "too_many";
      else this.#begin(file, file.size > maxBytes ? "too_large" : file.size === 0 ? "bad_file" : "");
    }
    this.changed();
  }

  remove(file: Upload): void {
    file.stop();
    this.list = this.list.filter((other) => other !== file);
    this.changed();
  }

  /** The files that go with the message that is sent now. */
  take(): SentFile[] {
    const ready = this.ready.map(({ upload_id, name, size }) => ({ upload_id, name, size }));
    this.list = [];
    this.problem = "";
    return ready;
  }

  #begin(file: File, problem: string): void {
    const { name, size } = file;
    const upload: Upload = { name, size, progress: 0, upload_id: "", problem, stop: () => undefined };
    this.list = [...this.list, upload];
    if (problem) return;
    upload.stop = this.connection.upload(
      file,
      (part) => {
        upload.progress = part;
        this.changed();
      },
      (answer) => {
        if ("upload_id" in answer) upload.upload_id = answer.upload_id;
        else upload.problem = answer.code === "invalid" ? "bad_file" : answer.code;
        this.changed();
      },
    );
  }
}
