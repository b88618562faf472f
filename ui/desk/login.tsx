import { useEffect, useRef, useState } from "preact/hooks";
import { logIn } from "./actions";
import { t } from "./language";
import { expired, me } from "./state";

/** Agent and password: the whole page, or in place over the desk when the session ended in the middle of work. */
export function Login() {
  return (
    <main class="login">
      <div class="login-card">
        <p class="brand"><span class="logo" aria-hidden="true" />openhandover</p>
        <h1>{t.desk}</h1>
        <p class="muted">{t.loginHint}</p>
        <LoginForm />
      </div>
    </main>
  );
}

export function LoginAgain() {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog ref={element} class="login-again" aria-labelledby="login-again" onCancel={(event) => event.preventDefault()}>
      <div class="dialog">
        <h2 id="login-again">{t.sessionEnded}</h2>
        <LoginForm />
      </div>
    </dialog>
  );
}

function LoginForm() {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const known = me.value?.agent.id ?? "";
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(await logIn(String(form.get("agent")).trim(), String(form.get("password"))));
    setBusy(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      {expired.value && <p class="muted">{t.expired}</p>}
      <label>
        {t.agent}
        <input name="agent" defaultValue={known} autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus={!known} />
      </label>
      <label>
        {t.password}
        <input name="password" type="password" autocomplete="current-password" required autofocus={!!known} />
      </label>
      <p class="error" role="alert">{error}</p>
      <button class="primary" type="submit" disabled={busy}>{t.logIn}</button>
    </form>
  );
}
