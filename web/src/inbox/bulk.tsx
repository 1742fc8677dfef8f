/** Taking, giving and putting back: one task or many, each with its own result, and the way back. */
import { useState, type ReactNode } from "react";
import type { Task } from "../api/client";
import { useLang } from "../app/person";
import { useSession } from "../app/session";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { useNames } from "../words/process";
import { count, words } from "../words/words";
import { changeAll, undoing, type Deed, type Result } from "./hands";
import { subscriberOf } from "./subscriber";
import "./hands.css";

const useWords = words(
  {
    title: { claim: "Взять задачи", release: "Вернуть задачи", assign: "Передать задачи", undo: "Отмена" },
    done: { claim: "взято", release: "возвращено", assign: "передано", undo: "возвращено как было" },
    tasks: { one: "задача", few: "задачи", many: "задач" },
    failed: { one: "не вышла", few: "не вышли", many: "не вышло" },
    over: "она уже завершена или снята",
    has: (who: string) => `она уже у ${who}`,
    now: (who: string) => `теперь у ${who}`,
    free: "теперь ничья",
    undo: "Вернуть как было",
    close: "Закрыть",
  },
  {
    title: {
      claim: "Тапсырмаларды алу",
      release: "Тапсырмаларды қайтару",
      assign: "Тапсырмаларды беру",
      undo: "Болдырмау",
    },
    done: { claim: "алынды", release: "қайтарылды", assign: "берілді", undo: "бұрынғы қалпына келді" },
    tasks: { one: "тапсырма", few: "тапсырма", many: "тапсырма" },
    failed: { one: "болмады", few: "болмады", many: "болмады" },
    over: "ол аяқталған немесе алынған",
    has: (who) => `ол енді ${who} қолында`,
    now: (who) => `енді иесі: ${who}`,
    free: "енді иесіз",
    undo: "Бұрынғы қалпына келтіру",
    close: "Жабу",
  },
  {
    title: { claim: "Take tasks", release: "Put tasks back", assign: "Assign tasks", undo: "Undo" },
    done: { claim: "taken", release: "put back", assign: "assigned", undo: "as before" },
    tasks: { one: "task", few: "tasks", many: "tasks" },
    failed: { one: "failed", few: "failed", many: "failed" },
    over: "it is completed or cancelled already",
    has: (who) => `${who} has it already`,
    now: (who) => `now with ${who}`,
    free: "now nobody's",
    undo: "Undo",
    close: "Close",
  },
);

type Told = { what: keyof ReturnType<typeof useWords>["title"]; results: Result[]; undo?: (() => void) | undefined };

/** `change` does it and tells; `dialog` is to be drawn.  `onChanged` gets every task as it is then. */
export function useBulk(onChanged: (tasks: Task[]) => void): {
  change: (tasks: Task[], deed: Deed) => Promise<Result[]>;
  dialog: ReactNode;
} {
  const t = useWords();
  const lang = useLang();
  const me = useSession().name;
  const outcome = useOutcome();
  const [told, setTold] = useState<Told | null>(null);

  async function run(tasks: Task[], deedOf: (task: Task) => Deed, what: Told["what"], back?: (done: Result[]) => void) {
    const results = await changeAll(tasks, deedOf);
    const done = results.filter((one) => one.now);
    onChanged(results.flatMap((one) => one.now ?? one.is ?? []));
    const undo = back && done.length > 0 ? () => back(done) : undefined;
    const failed = results.length - done.length;
    const text = [
      done.length > 0 && `${count(lang, done.length, t.tasks)}: ${t.done[what]}`,
      failed > 0 && (results.length === 1 ? outcome(results[0]!) : count(lang, failed, t.failed)),
    ];
    const seen = what === "claim" && tasks.length === 1 && failed === 0; // it opens, and that is news enough
    if (!seen) toast(text.filter(Boolean).join("; "), { bad: failed > 0, ...(undo ? { undo } : {}) });
    if (results.length > 1) setTold({ what, results, undo });
    return results;
  }

  function change(tasks: Task[], deed: Deed) {
    return run(
      tasks,
      () => deed,
      deed.what,
      (done) => {
        setTold(null);
        const before = new Map(done.map((one) => [one.task.id, one.task]));
        void run(
          done.map((one) => one.now!),
          (task) => undoing(before.get(task.id)!, deed, me),
          "undo",
        );
      },
    );
  }

  return { change, dialog: told && <Results told={told} onClose={() => setTold(null)} /> };
}

/** Whose one is now, or why it was not done: in whose hands it turned out to be, or what the service said. */
function useOutcome(): (result: Result) => string {
  const t = useWords();
  const faultText = useFaultText();
  return ({ now, is, error }) => {
    if (now) return now.assignee ? t.now(now.assignee) : t.free;
    if (is?.state === "completed" || is?.state === "cancelled") return t.over;
    return is?.assignee ? t.has(is.assignee) : faultText(error);
  };
}

function Results({ told, onClose }: { told: Told; onClose: () => void }) {
  const t = useWords();
  const names = useNames();
  const outcome = useOutcome();
  return (
    <Dialog open onClose={onClose} title={t.title[told.what]} wide>
      <ul className="bulk">
        {told.results.map((one) => (
          <li key={one.task.id} className={one.now ? "" : "fault"}>
            <span aria-hidden="true">{one.now ? "✓" : "✕"}</span>
            <span className="given">
              {names.element(one.task.definitionKey, one.task.elementId, one.task.name)} · {subscriberOf(one.task).name}{" "}
              {subscriberOf(one.task).number}
            </span>
            <span className="given">{outcome(one)}</span>
          </li>
        ))}
      </ul>
      <p className="row">
        {told.undo && <Button onClick={told.undo}>{t.undo}</Button>}
        <Button kind="first" onClick={onClose}>
          {t.close}
        </Button>
      </p>
    </Dialog>
  );
}
