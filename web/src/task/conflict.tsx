/** Another was quicker: what happened, how the case stands, and all that was typed, to be copied. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, ask, type Problem, type Task } from "../api/client";
import { useLang } from "../app/person";
import { useSession } from "../app/session";
import type { Values } from "../forms/form";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Shown } from "../ui/state";
import { useNames } from "../words/process";
import { useStateWords } from "../words/states";
import { moment, words } from "../words/words";
import { answers } from "./answers";
import { readTask } from "./task";

const useWords = words(
  {
    title: "Задача изменилась, пока была открыта",
    completed: (who: string, at: string) => `Её завершил(а) ${who}, ${at}.`,
    cancelled: "Она больше не нужна: дело пошло дальше без неё.",
    with: (who: string) => `Она сейчас у «${who}».`,
    free: "Она сейчас ничья: её можно взять снова.",
    mine: "Она у вас: попробуйте ещё раз.",
    hidden: "Её больше не видно вам.",
    rests: "Дело приостановлено: пока его не возобновят, задачу не завершить.",
    now: "Дело сейчас",
    waits: "ждёт",
    case: "Открыть дело",
    typed: "Что вы набрали",
    nothing: "Вы ничего не успели набрать.",
    copy: "Скопировать",
    copied: "Скопировано",
    close: "Понятно",
  },
  {
    title: "Тапсырма ашық тұрғанда өзгерді",
    completed: (who, at) => `Оны аяқтаған: ${who}, ${at}.`,
    cancelled: "Ол енді керек емес: іс онсыз жалғасты.",
    with: (who) => `Ол қазір «${who}» қолында.`,
    free: "Ол қазір иесіз: қайта алуға болады.",
    mine: "Ол сізде: қайталап көріңіз.",
    hidden: "Ол сізге енді көрінбейді.",
    rests: "Іс тоқтатылған: жалғасқанша тапсырма аяқталмайды.",
    now: "Іс қазір",
    waits: "күтеді",
    case: "Істі ашу",
    typed: "Терген мәтініңіз",
    nothing: "Ештеңе теріп үлгермедіңіз.",
    copy: "Көшіру",
    copied: "Көшірілді",
    close: "Түсінікті",
  },
  {
    title: "The task changed while it was open",
    completed: (who, at) => `${who} completed it, ${at}.`,
    cancelled: "It is no longer needed: the case went on without it.",
    with: (who) => `${who} has it now.`,
    free: "It is nobody's now: it can be taken again.",
    mine: "It is yours: try again.",
    hidden: "You do not see it any more.",
    rests: "The case is suspended: until it is resumed, the task cannot be completed.",
    now: "The case is",
    waits: "waits for",
    case: "Open the case",
    typed: "What you typed",
    nothing: "You had typed nothing yet.",
    copy: "Copy",
    copied: "Copied",
    close: "I see",
  },
);

type Props = { task: Task; problem: Problem; values: Values; schema: object | undefined; onClose: () => void };

export function Conflict({ task, problem, values, schema, onClose }: Props) {
  const t = useWords();
  const states = useStateWords();
  const lang = useLang();
  const names = useNames();
  const me = useSession().name;
  const [copied, setCopied] = useState(false);
  const text = useRef<HTMLTextAreaElement>(null);
  const typed = answers(schema, values);
  const found = useQuery({
    queryKey: ["conflict", task.id],
    gcTime: 0,
    retry: false,
    queryFn: async () => {
      const now = await readTask(task.id);
      const path = { id: now.instanceId };
      return { now, instance: await ask(api.GET("/v1/instances/{id}", { params: { path } })) };
    },
  });

  function happened(now: Task): string {
    if (now.state === "completed") return t.completed(now.completedBy ?? "", moment(lang, now.completedAt!));
    if (now.state === "cancelled") return t.cancelled;
    if (problem.code === "instance_not_active") return t.rests;
    return now.assignee === me ? t.mine : now.assignee ? t.with(now.assignee) : t.free;
  }

  async function copy() {
    const all = typed.map((one) => `${one.label}: ${one.text}`).join("\n");
    try {
      await navigator.clipboard.writeText(all);
    } catch {
      text.current?.select();
      document.execCommand("copy"); // where a page may not write to the clipboard by itself
    }
    setCopied(true);
  }

  return (
    <Dialog open onClose={onClose} title={t.title} wide>
      {found.isError ? (
        <p>{t.hidden}</p>
      ) : (
        <Shown found={found}>
          {({ now, instance }) => (
            <>
              <p className="given">{happened(now)}</p>
              <p className="given">
                {t.now}: <strong>{states[instance.state]}</strong>
                {instance.waits.length > 0 && ` · ${t.waits}: `}
                {[...new Set(instance.waits.map((one) => names.element(instance.definitionKey, one.elementId)))].join(
                  "; ",
                )}{" "}
                <Link to="/cases/$caseId" params={{ caseId: instance.id }}>
                  {t.case}
                </Link>
              </p>
            </>
          )}
        </Shown>
      )}
      <h3>{t.typed}</h3>
      {typed.length === 0 ? (
        <p className="quiet">{t.nothing}</p>
      ) : (
        <>
          <dl className="answers">
            {typed.map((one) => (
              <div key={one.key}>
                <dt className="given">{one.label}</dt>
                <dd className="given">{one.text}</dd>
              </div>
            ))}
          </dl>
          <textarea
            ref={text}
            className="visually-hidden"
            tabIndex={-1}
            aria-hidden="true"
            readOnly
            value={typed.map((one) => `${one.label}: ${one.text}`).join("\n")}
          />
        </>
      )}
      <p className="row">
        {typed.length > 0 && <Button onClick={() => void copy()}>{copied ? t.copied : t.copy}</Button>}
        <Button kind="first" onClick={onClose}>
          {t.close}
        </Button>
      </p>
    </Dialog>
  );
}
