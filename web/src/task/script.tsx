import { useEffect, useState } from "react";
import type { Task } from "../api/client";
import { now, useNow } from "../app/clock";
import { useLang } from "../app/person";
import { subscriberOf } from "../inbox/subscriber";
import { Button } from "../ui/button";
import { useNames } from "../words/process";
import { LANGS, moment, words, type Lang } from "../words/words";
import { callOf, startCall } from "./call";

const useWords = words(
  {
    title: "Что сказать",
    lang: "На языке",
    clock: "Разговор",
    anew: "Новый звонок",
    none: "Для этого шага слов не задано.",
  },
  { title: "Не айту керек", lang: "Тілі", clock: "Әңгіме", anew: "Жаңа қоңырау", none: "Бұл қадамға сөз берілмеген." },
  { title: "What to say", lang: "In", clock: "Call", anew: "New call", none: "There are no words for this step." },
);
const NAMES: Record<Lang, string> = { ru: "Русский", kk: "Қазақша", en: "English" };

/** What to say at this step, in the language that the caller speaks. */
export function Script({ task, always }: { task: Task; always: boolean }) {
  const t = useWords();
  const mine = useLang();
  const names = useNames();
  const [chosen, setChosen] = useState<Lang>();
  const lang = chosen ?? subscriberOf(task).lang ?? mine;
  const text = names.script(task.definitionKey, task.elementId, lang);
  if (!text && !always) return null;
  return (
    <section className="task-script" aria-label={t.title}>
      <header className="row">
        <h2 className="grow">{t.title}</h2>
        {text && (
          <div role="group" aria-label={t.lang} className="choices">
            {LANGS.map((one) => (
              <button key={one} type="button" lang={one} aria-pressed={one === lang} onClick={() => setChosen(one)}>
                {NAMES[one]}
              </button>
            ))}
          </div>
        )}
      </header>
      {text ? (
        <div lang={lang} className="task-say">
          {text.split("\n").map((line, at) => (
            <p key={at} className="given">
              {line}
            </p>
          ))}
        </div>
      ) : (
        <p className="quiet">{t.none}</p>
      )}
    </section>
  );
}

/** How long the call has lasted. */
export function CallClock({ task }: { task: Task }) {
  const t = useWords();
  const [since, setSince] = useState(() => callOf(task.instanceId));
  const current = useNow();
  const seconds = Math.max(0, Math.floor((current - since) / 1000));
  const minute = Math.floor(seconds / 60);
  useEffect(() => void startCall(task.instanceId, since), [task.instanceId, since, minute]); // still on it
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = (clock[0] ? clock : clock.slice(1)).map((part) => String(part).padStart(2, "0")).join(":");
  return (
    <p className="task-clock">
      <span className="quiet">{t.clock}</span>{" "}
      <time role="timer" title={moment("ru", since)}>
        {text}
      </time>
      <Button kind="plain" onClick={() => setSince(startCall(task.instanceId, now()))}>
        {t.anew}
      </Button>
    </p>
  );
}
