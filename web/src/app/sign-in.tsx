import { useEffect, useRef, useState, type FormEvent } from "react";
import { api, ask, Problem, type Session } from "../api/client";
import { words } from "../words/words";
import { Button } from "../ui/button";
import { Languages } from "./preferences";

const useWords = words(
  {
    title: "Вход",
    again: (name: string) => `Сеанс «${name}» закончился. Войдите снова: набранное осталось на месте.`,
    key: "Ключ доступа",
    where: "Ключ выдаёт администратор. Он не сохраняется в браузере.",
    enter: "Войти",
    wrong: "Ключ неизвестен, просрочен или отозван. Проверьте, что он скопирован целиком.",
    away: "Служба не отвечает. Попробуйте ещё раз через минуту.",
  },
  {
    title: "Кіру",
    again: (name) => `«${name}» сеансы аяқталды. Қайта кіріңіз: терілгені орнында қалды.`,
    key: "Қатынау кілті",
    where: "Кілтті әкімші береді. Ол браузерде сақталмайды.",
    enter: "Кіру",
    wrong: "Кілт белгісіз, мерзімі өткен немесе кері қайтарылған. Толық көшірілгенін тексеріңіз.",
    away: "Қызмет жауап бермейді. Бір минуттан кейін қайталап көріңіз.",
  },
  {
    title: "Sign in",
    again: (name) => `The session of ${name} has ended. Sign in again: what you typed is still there.`,
    key: "Access key",
    where: "An administrator gives you the key. It is not kept in the browser.",
    enter: "Sign in",
    wrong: "The key is unknown, expired or revoked. Check that it was copied whole.",
    away: "The service does not answer. Try again in a minute.",
  },
);

/** A link of the sandbox carries its key behind #, which no server sees; it is taken off the address at once. */
function keyInAddress(): string {
  const key = location.hash.slice(1);
  if (!key.startsWith("ktf_sandbox_")) return "";
  history.replaceState(null, "", location.pathname.replace(/sign-in$/, "") + location.search);
  return key;
}

export function SignIn({ onDone, again }: { onDone: (session: Session) => void; again?: string }) {
  const t = useWords();
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const linked = useRef<string | null>(null);

  async function enter(token: string) {
    setBusy(true);
    setFault("");
    try {
      onDone(await ask(api.POST("/v1/session", { body: { token } })));
    } catch (error) {
      setFault(error instanceof Problem && error.status >= 400 && error.status < 500 ? t.wrong : t.away);
      setBusy(false);
      field.current?.focus();
    }
  }

  useEffect(() => {
    if (linked.current !== null) return;
    linked.current = keyInAddress();
    if (linked.current) void enter(linked.current);
    else field.current?.focus();
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void enter(field.current?.value.trim() ?? "");
  }

  return (
    <div className={again ? "sign-in over" : "sign-in"}>
      <main role={again ? "dialog" : undefined} aria-modal={again ? true : undefined} aria-labelledby="sign-in-title">
        <Languages />
        <h1 id="sign-in-title">{t.title}</h1>
        {again && <p>{t.again(again)}</p>}
        <form onSubmit={submit}>
          <label htmlFor="key">{t.key}</label>
          <input
            id="key"
            ref={field}
            type="password"
            autoComplete="current-password"
            required
            aria-describedby="key-where key-fault"
            aria-invalid={fault ? true : undefined}
          />
          <p id="key-where" className="quiet">
            {t.where}
          </p>
          <p id="key-fault" role="alert" className="fault">
            {fault}
          </p>
          <Button kind="first" type="submit" busy={busy}>
            {t.enter}
          </Button>
        </form>
      </main>
    </div>
  );
}
