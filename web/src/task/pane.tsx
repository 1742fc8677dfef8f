import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ask, type Instance, type Task } from "../api/client";
import { useKeys } from "../app/keys";
import { changePerson, usePerson } from "../app/person";
import { useMay, useSession } from "../app/session";
import { change } from "../inbox/hands";
import { Button } from "../ui/button";
import { Fault, Loading, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { words } from "../words/words";
import { Beside } from "./beside";
import { Customer } from "./customer";
import { onlyDraftsOf } from "./draft";
import { Head } from "./head";
import { Hands } from "./hands";
import { PlaceDialog } from "./place";
import { CallClock, Script } from "./script";
import { isOver, useTask } from "./task";
import { Work } from "./work";
import "./task.css";

const useWords = words(
  {
    call: "Режим разговора",
    place: "Место на схеме",
    back: "К списку",
    next: "Следующую — сразу",
    none: "Свободных задач для вас больше нет.",
  },
  {
    call: "Әңгіме режимі",
    place: "Сызбадағы орны",
    back: "Тізімге",
    next: "Келесісі бірден",
    none: "Сізге бос тапсырма қалмады.",
  },
  {
    call: "Call mode",
    place: "Place on the diagram",
    back: "To the list",
    next: "Next at once",
    none: "There is no free task for you any more.",
  },
);

type Props = { id: string; onOpen: (id: string) => void; onBack: () => void };

/** A task with all that is needed to do it: whom it is for, what to say, the form, and what lies beside it. */
export function Pane({ id, onOpen, onBack }: Props) {
  const found = useTask(id);
  const me = useSession().name;
  useEffect(() => onlyDraftsOf(me), [me]);
  const t = useWords();
  useKeys([
    { key: "Escape", label: t.back, run: onBack },
    { key: "u", label: t.back, run: onBack },
  ]);
  if (found.data) return <Opened {...{ onOpen, onBack }} task={found.data} isFresh={found.isFetchedAfterMount} />;
  return (
    <article className="task">
      <p>
        <Button kind="plain" onClick={onBack} hint="Esc">
          ← {t.back}
        </Button>
      </p>
      {found.isPending ? <Loading /> : <Fault error={found.error} onAgain={() => found.refetch()} />}
    </article>
  );
}

type OpenedProps = Omit<Props, "id"> & { task: Task; isFresh: boolean };

function Opened({ task, isFresh, onOpen, onBack }: OpenedProps) {
  const t = useWords();
  const client = useQueryClient();
  const may = useMay();
  const faultText = useFaultText();
  const { name: me, groups } = useSession();
  const call = usePerson((person) => person.call);
  const next = usePerson((person) => person.next);
  const [place, setPlace] = useState(false);
  const pane = useRef<HTMLElement>(null);
  const mine = task.assignee === me && !isOver(task);

  useKeys([
    { key: "m", label: t.call, run: () => changePerson({ call: !call }) },
    { key: "p", label: t.place, run: () => setPlace(true) },
  ]);

  useEffect(() => {
    const article = pane.current;
    article?.addEventListener("keydown", outOfField);
    return () => article?.removeEventListener("keydown", outOfField);
  }, []);

  function open(taken: Task) {
    client.setQueryData(["task", taken.id], taken);
    onOpen(taken.id);
  }

  /** The same caller first, then whatever is next. */
  async function goOn(done: Instance) {
    const wait = done.waits.find(
      (one) => one.taskId && !one.assignee && one.groups?.some((group) => groups.includes(group)),
    );
    try {
      if (wait?.taskId) return open(await change({ id: wait.taskId }, { what: "claim" }));
      if (!next) return onBack();
      const taken = await ask(api.POST("/v1/tasks/next", { body: {} }));
      if (taken) return open(taken);
      toast(t.none);
    } catch (error) {
      toast(faultText(error), { bad: true });
    }
    onBack();
  }

  return (
    <article ref={pane} className={call ? "task call" : "task"} aria-labelledby="task-title">
      <Head task={task} focus={!mine} onBack={onBack} />
      <div className="task-tools">
        <Hands task={task} />
        <Button aria-pressed={call} hint="M" onClick={() => changePerson({ call: !call })}>
          {t.call}
        </Button>
        <Button hint="P" onClick={() => setPlace(true)}>
          {t.place}
        </Button>
        {may("tasks.work") && (
          <label className="check">
            <input type="checkbox" checked={next} onChange={(event) => changePerson({ next: event.target.checked })} />{" "}
            {t.next}
          </label>
        )}
      </div>
      <div className="task-body">
        <div className="task-talk">
          {call && <CallClock task={task} />}
          <Customer task={task} />
          <Script task={task} always={call} />
        </div>
        <div className="task-work">{isFresh ? <Work task={task} onDone={goOn} onSlow={onBack} /> : <Loading />}</div>
        <Beside task={task} />
      </div>
      {place && <PlaceDialog task={task} onClose={() => setPlace(false)} />}
    </article>
  );
}

/** Escape leaves a field, so that single keys work again; the next one goes back to the list. */
function outOfField(event: KeyboardEvent): void {
  const field = event.target as HTMLElement;
  if (event.key !== "Escape" || !field.matches("input, textarea, select")) return;
  event.preventDefault();
  document.getElementById("task-title")?.focus();
}
