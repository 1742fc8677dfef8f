/** What the states of a case are called, wherever one is shown. */
import { words } from "./words";

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
