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
    ok: "готово",
    now: (who: string) => `теперь у ${who}`,
    free: "теперь ничья",
    undo: "Вернуть как было",
    close: "Закрыть",
  },
  {
    title: { claim: "Тапсырмаларды алу", release: "Тапсырмаларды қайтару", assign: "Тапсырмаларды беру", undo: "Болдырмау" },
    done: { claim: "алынды", release: "қайтарылды", assign: "берілді", undo: "бұрынғы қалпына келді" },
    tasks: { one: "тапсырма", few: "тапсырма", many: "тапсырма" },
    failed: { one: "болмады", few: "болмады", many: "болмады" },
    ok: "дайын",
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
    ok: "done",
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
  const faultText = useFaultText();
  const [told, setTold] = useState<Told | null>(null);

  async function run(tasks: Task[], deedOf: (task: Task) => Deed, what: Told["what"], back?: (done: Result[]) => void) {
    const results = await changeAll(tasks, deedOf);
    const done = results.filter((one) => one.now);
    onChanged(done.map((one) => one.now!));
    const undo = back && done.length > 0 ? () => back(done) : undefined;
    const failed = results.length - done.length;
    const text = [
      done.length > 0 && `${count(lang, done.length, t.tasks)}: ${t.done[what]}`,
      failed > 0 && (results.length === 1 ? faultText(results[0]!.error) : count(lang, failed, t.failed)),
    ];
    const seen = what === "claim" && tasks.length === 1 && failed === 0; // it opens, and that is news enough
    if (!seen) toast(text.filter(Boolean).join("; "), { bad: failed > 0, ...(undo ? { undo } : {}) });
    if (results.length > 1) setTold({ what, results, undo });
    return results;
  }

  function change(tasks: Task[], deed: Deed) {
    return run(tasks, () => deed, deed.what, (done) => {
      setTold(null);
      const before = new Map(done.map((one) => [one.task.id, one.task]));
      void run(
        done.map((one) => one.now!),
        (task) => undoing(before.get(task.id)!, deed, me),
        "undo",
      );
    });
  }

  return { change, dialog: told && <Results told={told} onClose={() => setTold(null)} /> };
}

function Results({ told, onClose }: { told: Told; onClose: () => void }) {
  const t = useWords();
  const names = useNames();
  const faultText = useFaultText();
  return (
    <Dialog open onClose={onClose} title={t.title[told.what]} wide>
      <ul className="bulk">
        {told.results.map(({ task, now, error }) => (
          <li key={task.id} className={now ? "" : "fault"}>
            <span aria-hidden="true">{now ? "✓" : "✕"}</span>
            <span className="given">
              {names.element(task.definitionKey, task.elementId, task.name)} · {subscriberOf(task).name}{" "}
              {subscriberOf(task).number}
            </span>
            <span className="given">
              {!now ? faultText(error) : now.assignee ? t.now(now.assignee) : t.free}
            </span>
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
