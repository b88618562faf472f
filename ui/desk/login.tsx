import { useState } from "preact/hooks";
import { logIn } from "./actions";
import { t } from "./language";
import { expired } from "./state";

/** Agent and password. */
export function Login() {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(await logIn(String(form.get("agent")).trim(), String(form.get("password"))));
    setBusy(false);
  };
  return (
    <main class="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1>{t.desk}</h1>
        {expired.value && <p class="warning">{t.expired}</p>}
        <label>
          {t.agent}
          <input name="agent" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          {t.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="error" role="alert">{error}</p>
        <button class="primary" type="submit" disabled={busy}>{t.logIn}</button>
      </form>
    </main>
  );
}
