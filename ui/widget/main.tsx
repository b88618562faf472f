// One script tag: <script src="https://…/widget.js" data-channel="web" async></script>
// Puts the chat into a shadow root, so that neither the page's style nor ours reaches the other.
import { render } from "preact";
import tokens from "../shared/tokens.css?inline";
import { offer } from "./api";
import { App } from "./app";
import { Chat } from "./chat";
import frame from "./frame.css?inline";
import talk from "./talk.css?inline";

// a script that is put in by another one is not always the current one
const script = (document.currentScript ?? document.querySelector("script[data-channel]")) as HTMLScriptElement;
const { channel, mode, position, open, identity, lang, language = lang } = script.dataset;

function begin(name: string): void {
  const host = document.createElement("openhandover-chat");
  if (position) host.dataset.position = position;
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(tokens + frame + talk);
  root.adoptedStyleSheets = [sheet];
  // beside the body: what the site does to its body (transforms, replacing it) does not reach the chat
  document.documentElement.append(host);
  const fullPage = mode === "page";
  const spoken = (language ?? (fullPage ? "" : document.documentElement.lang)) || navigator.language;
  const chat = new Chat(new URL(script.src).origin, name, spoken);
  if (identity) chat.identify(identity);
  if (fullPage || open === "true") chat.open();
  else chat.resume();
  render(<App chat={chat} fullPage={fullPage} language={spoken} />, root);
  offer(chat);
}

if (!channel) console.error("openhandover: the script tag needs data-channel");
else if (!window.openhandover) begin(channel); // a script that is run twice makes no second chat
