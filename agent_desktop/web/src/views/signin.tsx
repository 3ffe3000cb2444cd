/** The first page: name and password. Its click also unlocks sound. */

import { useRef, useState } from "preact/hooks";
import { signIn } from "../api/calls";
import { Problem } from "../api/http";
import type { Session } from "../state/shapes";
import { LANGUAGES, type Language, language, speak, t } from "../words/words";
import { Icon } from "./icon";
import { Strip } from "./parts";

interface SignInProps {
  readonly unlock: () => void;
  readonly onSession: (session: Session) => void;
  /** Why the page is shown again, if it is. */
  readonly why: "" | "expired";
}

export function SignIn({ unlock, onSession, why }: SignInProps) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    unlock();
    const data = new FormData(form.current as HTMLFormElement);
    setBusy(true);
    setProblem("");
    try {
      onSession(await signIn(String(data.get("user") ?? "").trim(), String(data.get("password") ?? "")));
    } catch (failure) {
      setProblem(signInProblem(failure));
      setBusy(false);
    }
  };
  return (
    <main class="signin" id="main">
      <form class="signin-card" ref={form} onSubmit={submit} aria-labelledby="signin-title">
        <div class="signin-head">
          <h1 id="signin-title">
            <Icon name="work" size={20} /> Carillon
          </h1>
          <LanguageChoice />
        </div>
        {why === "expired" ? <Strip tone="soon">{t("signin.expired")}</Strip> : null}
        <SignInFields />
        <div role="alert" class="signin-problem">
          {problem === "" ? null : <Strip tone="late">{problem}</Strip>}
        </div>
        <button type="submit" class="press press-primary" aria-disabled={busy ? "true" : undefined}>
          {busy ? t("signin.busy") : t("signin.go")}
        </button>
      </form>
    </main>
  );
}

function SignInFields() {
  const [shown, setShown] = useState(false);
  return (
    <>
      <div class="field">
        <label for="signin-user">{t("signin.user")}</label>
        <input
          id="signin-user"
          name="user"
          autocomplete="username"
          required
          autocapitalize="none"
          spellcheck={false}
        />
      </div>
      <div class="field">
        <label for="signin-password">{t("signin.password")}</label>
        <input
          id="signin-password"
          name="password"
          type={(shown ? "text" : "password") as "text"}
          autocomplete="current-password"
          required
        />
      </div>
      <label class="check">
        <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} />{" "}
        {t("signin.show")}
      </label>
    </>
  );
}

export function LanguageChoice() {
  return (
    <select
      class="language"
      aria-label={t("settings.language")}
      value={language.value}
      onChange={(event) => void speak(event.currentTarget.value as Language)}
    >
      {LANGUAGES.map((each) => (
        <option key={each} value={each} lang={each === "pseudo" ? "en" : each}>
          {LANGUAGE_NAMES[each]}
        </option>
      ))}
    </select>
  );
}

/** Each language in its own words. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: "English",
  "zh-CN": "简体中文",
  pseudo: "[Pšéüdö]",
};

function signInProblem(failure: unknown): string {
  if (!(failure instanceof Problem)) return t("signin.failed", { id: "" });
  if (failure.status === 401) return t("signin.wrong");
  if (failure.status === 429) return t("signin.wait", { n: failure.retryAfterS ?? 60 });
  if (failure.status === 0) return t("signin.unreachable");
  return t("signin.failed", { id: failure.id || failure.code });
}
