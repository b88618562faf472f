// Who is not logged in as a supervisor is asked to.
import { useState } from "preact/hooks";
import { access, logIn } from "./api";
import { t } from "./language";
import { reload } from "./load";
import { probe } from "./probe";

export function Login() {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError("");
    logIn(String(form.get("agent")).trim(), String(form.get("password")))
      .then(async (known) => {
        if (!known) setError(t.wrong);
        else if (await probe()) reload();
      })
      .catch(() => setError(t.failedLoad))
      .finally(() => setBusy(false));
  };
  const hint = access.value === "forbidden" ? t.forbidden : "";
  return (
    <main class="login">
      <form onSubmit={submit}>
        <h1>{t.title}</h1>
        <p class="muted">{t.logInHint}</p>
        <label>{t.agent}<input name="agent" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus /></label>
        <label>{t.password}<input name="password" type="password" autocomplete="current-password" required /></label>
        <p class="error" role="alert">{error || hint}</p>
        <button type="submit" class="primary" disabled={busy}>{t.logIn}</button>
      </form>
    </main>
  );
}
