import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Task } from "../api/client";
import { useSession } from "../app/session";
import { useTitle } from "../app/title";
import { useLang } from "../app/person";
import { subscriberOf } from "../inbox/subscriber";
import { Button } from "../ui/button";
import { Due } from "../ui/due";
import { useNames } from "../words/process";
import { moment, words } from "../words/words";
import { isOver } from "./task";

const useWords = words(
  {
    back: "К списку",
    case: "Дело",
    clause: (text: string) => `п. ${text}`,
    mine: "у вас",
    with: (who: string) => `у ${who}`,
    free: "ничья",
    completed: (who: string, at: string) => `завершил(а) ${who}, ${at}`,
    cancelled: (at: string) => `снята ${at}: больше не нужна`,
    groups: "Группы",
  },
  {
    back: "Тізімге",
    case: "Іс",
    clause: (text) => `${text}-т.`,
    mine: "сізде",
    with: (who) => `иесі: ${who}`,
    free: "иесіз",
    completed: (who, at) => `аяқтаған: ${who}, ${at}`,
    cancelled: (at) => `${at} алынып тасталды: енді керек емес`,
    groups: "Топтар",
  },
  {
    back: "To the list",
    case: "Case",
    clause: (text) => `clause ${text}`,
    mine: "with you",
    with: (who) => `with ${who}`,
    free: "nobody's",
    completed: (who, at) => `completed by ${who}, ${at}`,
    cancelled: (at) => `cancelled ${at}: no longer needed`,
    groups: "Groups",
  },
);

/** What it is, for which case, until when, in whose hands.  It takes the focus when a task is opened. */
export function Head({ task, focus, onBack }: { task: Task; focus: boolean; onBack: () => void }) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const me = useSession().name;
  const heading = useRef<HTMLHeadingElement>(null);
  const name = names.element(task.definitionKey, task.elementId, task.name);
  const clause = names.clause(task.definitionKey, task.elementId);
  const number = subscriberOf(task).number;
  useTitle(name);
  useEffect(() => {
    if (focus) heading.current?.focus({ preventScroll: true });
  }, [task.id, focus]);

  function hands(): string {
    if (task.state === "completed") return t.completed(task.completedBy ?? "", moment(lang, task.completedAt!));
    if (task.state === "cancelled") return t.cancelled(moment(lang, task.completedAt ?? task.createdAt));
    if (task.assignee === me) return t.mine;
    return task.assignee ? t.with(task.assignee) : t.free;
  }

  return (
    <header className="task-head">
      <Button kind="plain" className="task-back" onClick={onBack} hint="Esc">
        <span aria-hidden="true">←</span>
        <span className="visually-hidden">{t.back}</span>
      </Button>
      <div className="grow">
        <h1 ref={heading} tabIndex={-1} id="task-title" className="given">
          {name}
        </h1>
        <p className="task-about">
          <span className="given">{names.process(task.definitionKey)}</span>
          {clause && <span className="quiet">{t.clause(clause)}</span>}
          <Link to="/cases/$caseId" params={{ caseId: task.instanceId }}>
            {t.case} <span className="given">{number.slice(0, 40)}</span>
          </Link>
          <span className={task.assignee && task.assignee !== me ? "task-other given" : "given"}>{hands()}</span>
          {!task.assignee && !isOver(task) && <small className="quiet given">{task.groups.join(", ")}</small>}
        </p>
      </div>
      {!isOver(task) && <Due at={task.dueAt} />}
    </header>
  );
}
