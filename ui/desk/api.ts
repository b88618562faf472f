// The desk's calls to the server: the documented desk API and nothing else.
import { learnTime } from "./clock";

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryAfter: number | null = null,
    /** Who has it already, with code `already_taken`. */
    readonly holder: string | null = null,
  ) {
    super(`${status} ${code}`);
  }

  /** The same problem under a name that says more to the page. */
  as(code: string): Problem {
    return new Problem(this.status, code, this.detail, this.retryAfter, this.holder);
  }
}

/** The server could not be reached; nothing is known about what became of the call. */
export class Unreachable extends Error {}

/** Whether the session is over. */
export const isLoggedOut = (error: unknown): boolean => error instanceof Problem && error.status === 401;

let csrf = "";
let renew: (() => Promise<boolean>) | null = null;

/** Remember the value that proves a changing call comes from this page. */
export function useCsrf(value: string): void {
  csrf = value;
}

/**
 * How to learn a new value after another tab logged in again; it answers whether the same agent is still here, so that
 * the call may be tried once more.
 */
export function useRenewal(how: () => Promise<boolean>): void {
  renew = how;
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>("POST", path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>("PUT", path, body);

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const used = csrf;
  try {
    return await once<T>(method, path, body);
  } catch (error) {
    const stale = method !== "GET" && used && error instanceof Problem && error.status === 403;
    if (stale && renew && (await renew()) && csrf !== used) return once<T>(method, path, body);
    throw error;
  }
}

async function once<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  const request: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(`/v1/desk/${path}`, request);
  } catch (error) {
    throw new Unreachable(String(error));
  }
  learnTime(response.headers.get("date"));
  if (!response.ok) throw problem(response.status, await response.text(), response.headers.get("retry-after"));
  if (response.status === 204 || response.status === 202) return undefined as T;
  return (await response.json()) as T;
}

/** Give a file to the server; `progress` hears the share that is there, from 0 to 1. */
export function upload<T>(file: File, progress: (share: number) => void, stop: AbortSignal): Promise<T> {
  // fetch cannot tell how far an upload is.
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file);
    request.open("POST", "/v1/desk/uploads");
    request.setRequestHeader("x-csrf-token", csrf);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = request.onabort = () => fail(new Unreachable("upload"));
    request.onload = () => {
      if (request.status < 300) done(JSON.parse(request.responseText) as T);
      else fail(problem(request.status, request.responseText, request.getResponseHeader("retry-after")));
    };
    stop.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function problem(status: number, text: string, retryAfter: string | null): Problem {
  const wait = Number(retryAfter) || null;
  try {
    const body = JSON.parse(text) as { code?: string; detail?: string; agent?: string };
    return new Problem(status, body.code ?? "unknown", body.detail ?? "", wait, body.agent ?? null);
  } catch {
    return new Problem(status, status >= 500 ? "server" : "unknown", "", wait);
  }
}
