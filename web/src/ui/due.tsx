import { now, useNow } from "../app/clock";
import { useLang } from "../app/person";
import { lasting, moment, words } from "../words/words";

const useWords = words(
  {
    left: (time: string) => `осталось ${time}`,
    late: (time: string) => `просрочено на ${time}`,
    none: "без срока",
    due: (at: string) => `срок ${at}`,
  },
  {
    left: (time) => `${time} қалды`,
    late: (time) => `${time} өтіп кетті`,
    none: "мерзімсіз",
    due: (at) => `мерзімі ${at}`,
  },
  { left: (time) => `${time} left`, late: (time) => `${time} late`, none: "no deadline", due: (at) => `due ${at}` },
);

export type Urgency = "late" | "soon" | "today" | "calm" | "none";
const HOUR = 3_600_000;

/** How near a deadline is.  `soon`: within the hour; `today`: within eight hours, a shift. */
export function urgency(dueAt: string | null | undefined, at = now()): Urgency {
  if (!dueAt) return "none";
  const left = Date.parse(dueAt) - at;
  return left < 0 ? "late" : left < HOUR ? "soon" : left < 8 * HOUR ? "today" : "calm";
}

const MARKS: Record<Urgency, string> = { late: "▲", soon: "◆", today: "●", calm: "○", none: "" };

/** Time left, ticking: words, a mark of its own shape and a colour, so that none of the three is needed to read it. */
export function Due({ at, step = 1 }: { at: string | null | undefined; step?: number }) {
  const t = useWords();
  const lang = useLang();
  const current = useNow(step);
  const how = urgency(at, current);
  if (!at) return <span className="due none">{t.none}</span>;
  const left = Date.parse(at) - current;
  const text = lasting(lang, left);
  return (
    <time className={`due ${how}`} dateTime={at} title={t.due(moment(lang, at))}>
      <span aria-hidden="true">{MARKS[how]}</span> {left < 0 ? t.late(text) : t.left(text)}
    </time>
  );
}
