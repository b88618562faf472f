// What every part of the page needs: the chat, the words and the language.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Chat } from "./chat";
import type { Texts } from "./texts";

export interface Scene {
  chat: Chat;
  t: Texts;
  language: string;
}

export const SceneContext = createContext<Scene | null>(null);

export function useScene(): Scene {
  const scene = useContext(SceneContext);
  if (!scene) throw new Error("a part was drawn outside the app");
  return scene;
}
