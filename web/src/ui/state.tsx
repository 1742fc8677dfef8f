import type { ReactNode } from "react";
import { Problem } from "../api/client";
import { words } from "../words/words";
import { Button } from "./button";

const useWords = words(
  {
    loading: "Загружается…",
    again: "Повторить",
    unreachable: "Служба не отвечает. Проверьте сеть; страница попробует сама.",
    forbidden: "На это нет права. Если оно нужно, обратитесь к администратору.",
    missing: "Здесь ничего нет, или это видят не все.",
    conflict: "Пока страница была открыта, это изменилось. Посмотрите, как стало, и решите заново.",
    refused: "Служба не приняла запрос",
    broken: "В службе что-то сломалось. Запись об этом уже есть в её журнале.",
  },
  {
    loading: "Жүктелуде…",
    again: "Қайталау",
    unreachable: "Қызмет жауап бермейді. Желіні тексеріңіз; бет өзі қайталайды.",
    forbidden: "Бұған құқық жоқ. Қажет болса, әкімшіге хабарласыңыз.",
    missing: "Мұнда ештеңе жоқ, немесе оны бәрі көрмейді.",
    conflict: "Бет ашық тұрғанда бұл өзгерді. Қалай болғанын қарап, қайта шешіңіз.",
    refused: "Қызмет сұрауды қабылдамады",
    broken: "Қызметте бірдеңе бұзылды. Ол туралы жазба журналында бар.",
  },
  {
    loading: "Loading…",
    again: "Try again",
    unreachable: "The service does not answer. Check the network; the page tries by itself.",
    forbidden: "You may not do this. If you need to, ask an administrator.",
    missing: "There is nothing here, or not everybody sees it.",
    conflict: "This has changed while the page was open. See how it is now, and decide anew.",
    refused: "The service did not accept the request",
    broken: "Something is broken in the service. Its log has a record of it.",
  },
);

/** What went wrong, in the person's language, with the service's own words where it had any to add. */
export function useFaultText(): (error: unknown) => string {
  const t = useWords();
  return (error) => {
    if (!(error instanceof Problem)) return t.broken;
    if (error.status === 0 || error.status === 503) return t.unreachable;
    if (error.status === 403) return t.forbidden;
    if (error.status === 404) return t.missing;
    if (error.status === 409) return t.conflict;
    if (error.status >= 500) return t.broken;
    return error.detail ? `${t.refused}: ${error.detail}` : t.refused;
  };
}

export function Fault({ error, onAgain }: { error: unknown; onAgain?: () => void }) {
  const t = useWords();
  const text = useFaultText();
  return (
    <div role="alert" className="fault-box">
      <p>{text(error)}</p>
      {onAgain && <Button onClick={onAgain}>{t.again}</Button>}
    </div>
  );
}

export function Loading() {
  const t = useWords();
  return (
    <p className="quiet loading" role="status">
      {t.loading}
    </p>
  );
}

type Found<T> = { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };

/** The three states of what is asked for; what is shown stays while it is asked for again. */
export function Shown<T>({ found, children }: { found: Found<T>; children: (data: T) => ReactNode }) {
  if (found.data !== undefined) return children(found.data);
  if (found.isPending) return <Loading />;
  return <Fault error={found.error} onAgain={() => found.refetch()} />;
}
