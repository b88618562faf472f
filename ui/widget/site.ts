// The page around the chat, as the site tells it: where the visitor is, who they are, what else agents should know.
import type { Page } from "./protocol";

export type Context = Record<string, string | number | boolean | null>;

const MAX_TEXT = 2_000;
const SETTLE_MS = 300; // a page sets its title after its address

export class Site {
  /** A signed statement of who the visitor is. */
  identity: string | null = null;
  context: Context | null = null;
  onMove: () => void = () => undefined;
  #page: Partial<Page> = {};
  #told = "";

  constructor() {
    const moved = () => setTimeout(() => this.onMove(), SETTLE_MS);
    addEventListener("popstate", moved);
    addEventListener("hashchange", moved);
    // where it exists, this tells of pages that a script shows; elsewhere it is found when the visitor next writes
    (window as { navigation?: EventTarget }).navigation?.addEventListener("currententrychange", moved);
  }

  get page(): Page {
    const { url = location.href, title = document.title, referrer = document.referrer } = this.#page;
    return { url: url.slice(0, MAX_TEXT), title: title.slice(0, MAX_TEXT), referrer: referrer.slice(0, MAX_TEXT) };
  }

  /** The site names another page than the one of the address bar. */
  show(page: Partial<Page>): void {
    this.#page = page;
    this.onMove();
  }

  /** The page, when it is another one than was told last. */
  news(): Page | null {
    return this.page.url === this.#told ? null : this.page;
  }

  told(): void {
    this.#told = this.page.url;
  }

  /** Whom the identity names. We cannot check it, and need not: it only tells two visitors apart. */
  get user(): string | null {
    try {
      const claims = this.identity?.split(".")[1] ?? "";
      return claims ? (JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))) as { sub?: string }).sub ?? null : null;
    } catch {
      return null; // the server says what is wrong with it
    }
  }
}
