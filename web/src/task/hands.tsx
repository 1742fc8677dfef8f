/** Whose the task is, and how it changes hands: taken, put back, given, taken over from another. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Task } from "../api/client";
import { useKeys } from "../app/keys";
import { useMay, useSession } from "../app/session";
import { useBulk } from "../inbox/bulk";
import type { Deed } from "../inbox/hands";
import { People } from "../inbox/people";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { words } from "../words/words";
import { isOver } from "./task";

const useWords = words(
  {
    take: "Взять",
    release: "Вернуть",
    give: "Передать…",
    over: "Забрать…",
    title: "Забрать задачу?",
    holder: (who: string) =>
      `Сейчас задача у «${who}». Если её забрать, он(а) не сможет её закончить и увидит это сразу.`,
    draft: "Набранное в форме останется: вы увидите этот черновик.",
    noDraft: "В форме пока ничего не набрано.",
    yes: "Забрать себе",
    no: "Оставить",
  },
  {
    take: "Алу",
    release: "Қайтару",
    give: "Беру…",
    over: "Өзіме алу…",
    title: "Тапсырманы өзіңізге аласыз ба?",
    holder: (who) => `Қазір тапсырма «${who}» қолында. Алсаңыз, ол оны аяқтай алмайды және мұны бірден көреді.`,
    draft: "Нысанда терілгені қалады: сіз сол жобаны көресіз.",
    noDraft: "Нысанда әзірге ештеңе терілмеген.",
    yes: "Өзіме алу",
    no: "Қалдыру",
  },
  {
    take: "Take",
    release: "Put back",
    give: "Assign…",
    over: "Take over…",
    title: "Take the task over?",
    holder: (who) => `${who} has this task now. If you take it over, they cannot finish it, and see that at once.`,
    draft: "What is typed in the form stays: you will see that draft.",
    noDraft: "Nothing has been typed in the form yet.",
    yes: "Take it over",
    no: "Leave it",
  },
);

export function Hands({ task }: { task: Task }) {
  const t = useWords();
  const client = useQueryClient();
  const may = useMay();
  const me = useSession().name;
  const [asking, setAsking] = useState(false);
  const [giving, setGiving] = useState(false);
  const bulk = useBulk((changed) => changed.forEach((one) => client.setQueryData(["task", one.id], one)));

  const free = task.assignee === null;
  const mine = task.assignee === me;
  const works = may("tasks.work") && !isOver(task);
  const assigns = may("tasks.assign") && !isOver(task);

  async function change(deed: Deed) {
    // What is pressed is seen at once; what the service says comes after.
    const hands = deed.what === "claim" ? me : deed.what === "assign" ? deed.to : null;
    client.setQueryData(["task", task.id], {
      ...task,
      assignee: hands,
      state: hands ? "claimed" : "open",
    } satisfies Task);
    const [result] = await bulk.change([task], deed);
    if (result?.error) {
      client.setQueryData(["task", task.id], task);
      void client.invalidateQueries({ queryKey: ["task", task.id] });
    }
  }

  useKeys([
    { key: "c", label: t.take, run: () => void change({ what: "claim" }), when: works && free },
    { key: "c", label: t.over, run: () => setAsking(true), when: assigns && !free && !mine },
    {
      key: "r",
      label: t.release,
      run: () => void change({ what: "release" }),
      when: works && (mine || (assigns && !free)),
    },
    { key: "a", label: t.give, run: () => setGiving(true), when: assigns },
  ]);

  return (
    <>
      {works && free && (
        <Button kind="first" hint="C" onClick={() => void change({ what: "claim" })}>
          {t.take}
        </Button>
      )}
      {assigns && !free && !mine && (
        <Button hint="C" onClick={() => setAsking(true)}>
          {t.over}
        </Button>
      )}
      {works && (mine || (assigns && !free)) && (
        <Button hint="R" onClick={() => void change({ what: "release" })}>
          {t.release}
        </Button>
      )}
      {assigns && (
        <Button hint="A" onClick={() => setGiving(true)}>
          {t.give}
        </Button>
      )}
      {asking && task.assignee && (
        <Dialog open onClose={() => setAsking(false)} title={t.title}>
          <p className="given">{t.holder(task.assignee)}</p>
          <p>{task.draft ? t.draft : t.noDraft}</p>
          <p className="row">
            <Button
              kind="danger"
              onClick={() => {
                setAsking(false);
                void change({ what: "assign", to: me });
              }}
            >
              {t.yes}
            </Button>
            <Button onClick={() => setAsking(false)}>{t.no}</Button>
          </p>
        </Dialog>
      )}
      {giving && (
        <People
          tasks={[task]}
          onClose={() => setGiving(false)}
          onChosen={(to) => {
            setGiving(false);
            void change({ what: "assign", to });
          }}
        />
      )}
      {bulk.dialog}
    </>
  );
}
