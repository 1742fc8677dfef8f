import type { Instance } from "../api/client";
import { useStateWords } from "../words/states";
import "./head.css";

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
