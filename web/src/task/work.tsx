/** The form of a task, and its completion: what was typed is there until the service has taken it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { api, ask, Problem, type FieldFault, type Instance, type Task } from "../api/client";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { useMay, useSession } from "../app/session";
import { Form, type Values } from "../forms/form";
import { Button } from "../ui/button";
import { Shown, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { useNames } from "../words/process";
import { words } from "../words/words";
import { Conflict } from "./conflict";
import { restored, useDraft } from "./draft";
import { useGiven } from "./given";
import { SavedMark } from "./saved-mark";
import { isOver, readTask } from "./task";

const useWords = words(
  {
    complete: "Завершить",
    done: (name: string) => `«${name}» завершена`,
    slow: (name: string) => `«${name}» завершается: служба отвечает долго`,
    kept: "Набранное сохранено.",
    noForm: "У этой задачи нет формы: её только завершают.",
    take: "Чтобы заполнять, возьмите задачу (C).",
    other: "На другом компьютере набрано другое.",
    use: "Показать то",
  },
  {
    complete: "Аяқтау",
    done: (name) => `«${name}» аяқталды`,
    slow: (name) => `«${name}» аяқталуда: қызмет баяу жауап береді`,
    kept: "Терілгені сақталды.",
    noForm: "Бұл тапсырманың нысаны жоқ: оны тек аяқтайды.",
    take: "Толтыру үшін тапсырманы алыңыз (C).",
    other: "Басқа компьютерде басқаша терілген.",
    use: "Соны көрсету",
  },
  {
    complete: "Complete",
    done: (name) => `${name}: completed`,
    slow: (name) => `${name} is being completed: the service answers slowly`,
    kept: "What you typed is kept.",
    noForm: "This task has no form: it is only completed.",
    take: "Take the task (C) to fill the form in.",
    other: "Something else was typed on another computer.",
    use: "Show that",
  },
);

const SLOW = 700; // milliseconds that a person waits for the answer; then they go on, and are told of it

type Props = { task: Task; onDone: (instance: Instance) => Promise<void> | void; onSlow: () => void };

export function Work({ task, onDone, onSlow }: Props) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const may = useMay();
  const client = useQueryClient();
  const faultText = useFaultText();
  const me = useSession().name;
  const name = names.element(task.definitionKey, task.elementId, task.name);
  const mine = task.assignee === me && !isOver(task);
  const works = may("tasks.work") && !isOver(task) && (mine || task.assignee === null);
  const [start, setStart] = useState(() => restored(me, task));
  const [again, setAgain] = useState(0);
  const [faults, setFaults] = useState<FieldFault[]>();
  const [busy, setBusy] = useState(false);
  const given = useGiven(task);
  const [conflict, setConflict] = useState<{ problem: Problem; values: Values } | null>(null);
  const typed = useRef<Values>(start.values);
  const here = useRef(true);
  const had = useRef(mine);
  const touched = useRef(false);
  /** An attempt got no answer: when the next one finds the work done, it was that one's. */
  const unanswered = useRef(false);
  const draft = useDraft(me, task, mine);
  const form = useQuery({
    queryKey: ["task-form", task.id, lang],
    queryFn: () => ask(api.GET("/v1/tasks/{id}/form", { params: { path: { id: task.id }, query: { lang } } })),
    enabled: task.formKey !== null,
    staleTime: Infinity,
    placeholderData: (before) => before, // in another language: the one there stays until its texts come
  });

  useEffect(() => {
    here.current = true;
    return () => void (here.current = false);
  }, []);
  const changedHands = useEffectEvent(() => {
    // It left these hands, or is over, while it was being filled in.
    const taken = !mine && (task.assignee !== null || isOver(task));
    if (had.current && taken && touched.current && !busy)
      setConflict({ problem: new Problem(409, "gone", ""), values: typed.current });
    had.current = mine;
  });
  useEffect(() => changedHands(), [mine]);
  const drafted = useEffectEvent(() => {
    // What the one before has typed since, seen by whoever takes it over.
    const found = restored(me, task);
    if (!mine || touched.current || JSON.stringify(found.values) === JSON.stringify(start.values)) return;
    setStart(found);
    setAgain((times) => times + 1);
  });
  const draftText = JSON.stringify(task.draft);
  useEffect(() => drafted(), [mine, draftText]);

  async function finish(values: Values): Promise<Instance> {
    try {
      return await ask(api.POST("/v1/tasks/{id}/complete", { params: { path: { id: task.id } }, body: { values } }));
    } catch (error) {
      if (!(error instanceof Problem && error.status === 409 && unanswered.current)) throw error;
      const is = await readTask(task.id);
      if (is.state !== "completed" || is.completedBy !== me) throw error;
      return ask(api.GET("/v1/instances/{id}", { params: { path: { id: task.instanceId } } }));
    }
  }

  async function complete(values: Values) {
    if (busy) return;
    typed.current = values;
    had.current = false; // what happens to it now is this person's doing
    setBusy(true);
    setFaults(undefined);
    draft.hold(true);
    const slow = window.setTimeout(() => {
      toast(t.slow(name));
      onSlow();
    }, SLOW);
    try {
      const instance = await finish(values);
      window.clearTimeout(slow);
      draft.forget();
      toast(t.done(name));
      void client.invalidateQueries({ queryKey: ["counts"] });
      if (here.current) await onDone(instance);
    } catch (error) {
      window.clearTimeout(slow);
      if (!(error instanceof Problem)) throw error;
      had.current = mine;
      draft.hold(false);
      unanswered.current ||= error.status === 0 || error.status >= 500;
      if (!here.current) return toast(`${name}: ${faultText(error)} ${t.kept}`, { bad: true });
      if (error.status === 422 && error.errors.length > 0) setFaults(error.errors);
      else if (error.status === 409) setConflict({ problem: error, values });
      else toast(`${faultText(error)} ${t.kept}`, { bad: true });
    } finally {
      window.clearTimeout(slow);
      if (here.current) setBusy(false);
    }
  }

  const bare = task.formKey === null;
  useKeys([{ key: "ctrl+Enter", label: t.complete, run: () => void complete({}), when: bare && works }]);

  return (
    <div onBlur={draft.flush}>
      {!mine && works && !bare && <p className="task-note">{t.take}</p>}
      {start.other && (
        <p className="task-note" role="status">
          {t.other}{" "}
          <Button
            kind="plain"
            onClick={() => {
              setStart({ values: start.other! });
              draft.change(start.other!);
              setAgain(again + 1);
            }}
          >
            {t.use}
          </Button>
        </p>
      )}
      {bare ? (
        <>
          <p className="quiet">{t.noForm}</p>
          {works && (
            <Button kind="first" busy={busy} hint="Ctrl ⏎" onClick={() => void complete({})}>
              {t.complete}
            </Button>
          )}
        </>
      ) : (
        <Shown found={form}>
          {(schema) => (
            <Form
              key={`${again} ${isOver(task)} ${given.ready}`}
              schema={schema}
              values={{ ...task.variables, ...start.values, ...given.values }}
              label={name}
              readOnly={!mine}
              focusFirst
              busy={busy}
              submitLabel={t.complete}
              onSubmit={(values) => void complete(values)}
              onChange={(values) => {
                typed.current = values;
                touched.current = mine;
                draft.change(values);
              }}
              {...(faults ? { faults } : {})}
            />
          )}
        </Shown>
      )}
      {mine && !bare && <SavedMark saved={draft.saved} at={start.at} />}
      {conflict && (
        <Conflict
          task={task}
          problem={conflict.problem}
          values={conflict.values}
          schema={form.data}
          onClose={() => {
            setConflict(null);
            void client.invalidateQueries({ queryKey: ["task", task.id] });
          }}
        />
      )}
    </div>
  );
}
