import type { Instance } from "../api/client";
import { words } from "../words/words";
import "./head.css";

export const useStateWords = words(
  { active: "идёт", suspended: "приостановлено", stuck: "застряло", completed: "закончено", cancelled: "отменено" },
  {
    active: "жүріп жатыр",
    suspended: "тоқтатыла тұрды",
    stuck: "тұрып қалды",
    completed: "аяқталды",
    cancelled: "күші жойылды",
  },
  { active: "under way", suspended: "suspended", stuck: "stuck", completed: "completed", cancelled: "cancelled" },
);

const SIGNS: Record<Instance["state"], string> = {
  active: "●",
  suspended: "❚❚",
  stuck: "✖",
  completed: "✓",
  cancelled: "⊘",
};

/** A case's state as a word, a sign and a colour. */
export function StateMark({ state }: { state: Instance["state"] }) {
  const t = useStateWords();
  return (
    <span className={`cs-state ${state}`}>
      <span aria-hidden="true">{SIGNS[state]}</span> {t[state]}
    </span>
  );
}
