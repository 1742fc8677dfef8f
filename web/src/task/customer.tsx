import { Link } from "@tanstack/react-router";
import type { Task } from "../api/client";
import { subscriberOf } from "../inbox/subscriber";
import { words } from "../words/words";

const useWords = words(
  {
    title: "Абонент",
    lang: { ru: "русский", kk: "казахский", en: "английский" },
    says: "говорит",
    problem: "Суть обращения",
    id: "№",
    more: "Все задачи абонента",
  },
  {
    title: "Абонент",
    lang: { ru: "орысша", kk: "қазақша", en: "ағылшынша" },
    says: "тілі:",
    problem: "Өтініштің мәні",
    id: "№",
    more: "Абоненттің барлық тапсырмалары",
  },
  {
    title: "Subscriber",
    lang: { ru: "Russian", kk: "Kazakh", en: "English" },
    says: "speaks",
    problem: "What it is about",
    id: "No.",
    more: "All tasks of the subscriber",
  },
);

/** Who is on the phone, and what about; numbers and addresses can be called and written to. */
export function Customer({ task }: { task: Task }) {
  const t = useWords();
  const who = subscriberOf(task);
  const problem = task.variables.problem;
  if (!who.name && !who.phone && !who.email && !who.id && typeof problem !== "string") return null;
  return (
    <section className="task-customer" aria-label={t.title}>
      <p className="row">
        {who.name && <strong className="given">{who.name}</strong>}
        {who.id && (
          <span className="quiet given">
            {t.id} {who.id}
          </span>
        )}
        {who.phone && (
          <a
            className="given"
            href={`tel:${encodeURIComponent(who.phone.replace(/[^\d+]/g, "")).replace(/^%2B/, "+")}`}
          >
            {who.phone}
          </a>
        )}
        {who.email && (
          <a className="given" href={`mailto:${encodeURIComponent(who.email)}`}>
            {who.email}
          </a>
        )}
        {(who.phone || who.id) && (
          <Link to="/inbox" search={{ q: who.phone || who.id }}>
            {t.more}
          </Link>
        )}
        {who.lang && (
          <span>
            {t.says} <strong>{t.lang[who.lang]}</strong>
          </span>
        )}
      </p>
      {typeof problem === "string" && problem && (
        <p className="given">
          <span className="quiet">{t.problem}:</span> {problem}
        </p>
      )}
    </section>
  );
}
