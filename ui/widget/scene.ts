// What every part of the page needs: the chat, its state, the words and the language. There is one chat in a page.
import type { Chat } from "./chat";
import type { Texts } from "./texts";
import type { View } from "./view";

export interface Scene {
  chat: Chat;
  view: View;
  t: Texts;
  language: string;
  fullPage: boolean;
}

let current: Scene;

/** The app says what its parts are drawn with. */
export function setScene(scene: Scene): void {
  current = scene;
}

export function useScene(): Scene {
  return current;
}
