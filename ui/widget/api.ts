// What the scripts of the site may do with the chat: window.openhandover.
import type { Chat } from "./chat";
import type { Page } from "./protocol";
import type { Context } from "./site";

interface Settings {
  /** Small facts for bot and agents, told when a conversation begins. */
  context?: Context;
  /** A JWT that says who the visitor is; null: nobody any more. */
  identity?: string | null;
  /** The page that agents see, instead of the one in the address bar. */
  page?: Partial<Page>;
}

interface News {
  open: boolean;
  unread: number;
}

export interface Api {
  open(): void;
  close(): void;
  toggle(): void;
  set(settings: Settings): void;
  /** Call with the state now, and whenever it changes. Returns how to stop it. */
  on<Name extends keyof News>(name: Name, call: (state: News[Name]) => void): () => void;
}

declare global {
  interface Window {
    openhandover?: Api;
  }
}

/** Make it known; the event `openhandover` on the window tells that it is there. */
export function offer(chat: Chat): void {
  const { view, site } = chat;
  const state = (): News => ({ open: view.open, unread: chat.unread });
  const api: Api = {
    open: () => chat.open(),
    close: () => void (view.open = false),
    toggle: () => (view.open ? api.close() : api.open()),
    set({ context, identity, page }) {
      if (context) site.context = context;
      if (page) site.show(page);
      if (identity !== undefined) chat.identify(identity);
    },
    on(name, call) {
      let was = state()[name];
      const told = () => {
        const is = state()[name];
        if (is !== was) call((was = is));
      };
      chat.listeners.add(told);
      call(was);
      return () => void chat.listeners.delete(told);
    },
  };
  window.openhandover = api;
  dispatchEvent(new Event("openhandover"));
}
