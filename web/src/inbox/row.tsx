import { Link } from "@tanstack/react-router";
import type { Task } from "../api/client";
import { useSession } from "../app/session";
import { Due } from "../ui/due";
import { useNames } from "../words/process";
import { subscriberOf } from "./subscriber";
import { useWords } from "./words";

type Props = {
  task: Task;
  gone: boolean;
  picked: boolean;
  open: boolean;
  search: Record<string, string>;
  onPick: (range: boolean) => void;
};

/** One task in the list: what, for whom, under which number, in whose hands, until when. */
export function Row({ task, gone, picked, open, search, onPick }: Props) {
  const t = useWords();
  const names = useNames();
  const name = names.element(task.definitionKey, task.elementId, task.name);
  const who = subscriberOf(task);
  return (
    <>
      <span role="gridcell" className="inbox-pick">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`${t.select}: ${name}`}
          checked={picked}
          onClick={(event) => {
            event.stopPropagation();
            onPick(event.shiftKey);
          }}
          readOnly
        />
      </span>
      <span role="gridcell" className="inbox-what">
        <Link
          to="/inbox/$taskId"
          params={{ taskId: task.id }}
          search={search}
          tabIndex={-1}
          className="given"
          title={name}
          aria-current={open || undefined}
          onClick={(event) => event.stopPropagation()}
        >
          {name}
        </Link>
        <small className="given">{names.process(task.definitionKey)}</small>
      </span>
      <span role="gridcell" className="inbox-who">
        <span className="given">{who.name}</span>
        <small className="given">{who.phone}</small>
      </span>
      <span role="gridcell" className="inbox-number given" title={who.number}>
        {who.number}
      </span>
      <span role="gridcell" className="inbox-hands">
        <Hands task={task} gone={gone} />
      </span>
      <span role="gridcell" className="inbox-due">
        {task.state === "open" || task.state === "claimed" ? <Due at={task.dueAt} /> : null}
      </span>
    </>
  );
}

function Hands({ task, gone }: { task: Task; gone: boolean }) {
  const t = useWords();
  const me = useSession().name;
  if (task.state === "completed" || task.state === "cancelled")
    return (
      <span className="inbox-over">
        <span aria-hidden="true">✓ </span>
        {t.over[task.state]}
        {task.completedBy && <small className="given"> {task.completedBy}</small>}
      </span>
    );
  if (gone) return <span className="inbox-over">{task.assignee ? t.by(task.assignee) : t.over.gone}</span>;
  if (task.assignee === me) return <strong>● {t.you}</strong>;
  if (task.assignee) return <span className="inbox-other given">⊘ {t.with(task.assignee)}</span>;
  return (
    <>
      <span className="inbox-free">{t.nobody}</span> <small className="given">{task.groups.join(", ")}</small>
    </>
  );
}
