// The desk's calls to the server: the documented desk API and nothing else.

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

let csrf = "";

/** Remember the value that proves a changing call comes from this page. */
export function useCsrf(value: string): void {
  csrf = value;
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>("POST", path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>("PUT", path, body);

export function upload<T>(file: File): Promise<T> {
  const form = new FormData();
  form.append("file", file);
  return call<T>("POST", "uploads", form);
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  const request: RequestInit = { method, headers, credentials: "same-origin" };
  if (body instanceof FormData) request.body = body;
  else if (body !== undefined) {
    headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(`/v1/desk/${path}`, request);
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (!response.ok) throw await problem(response);
  if (response.status === 204 || response.status === 202) return undefined as T;
  return (await response.json()) as T;
}

async function problem(response: Response): Promise<Problem> {
  const wait = Number(response.headers.get("retry-after")) || null;
  try {
    const body = (await response.json()) as { code?: string; detail?: string; agent?: string };
    return new Problem(response.status, body.code ?? "unknown", body.detail ?? "", wait, body.agent ?? null);
  } catch {
    return new Problem(response.status, response.status >= 500 ? "server" : "unknown", "", wait);
  }
}
