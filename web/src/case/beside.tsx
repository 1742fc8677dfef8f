/** What people hold and say about a case: open tasks, comments of all its tasks, its files. */
import { Link } from "@tanstack/react-router";
import { useLang } from "../app/person";
import { Due } from "../ui/due";
import { Shown } from "../ui/state";
import { Files } from "../task/files";
import { moment, words } from "../words/words";
import { useComments, type Token } from "./data";
import "./beside.css";

const useWords = words(
  {
    tasks: "Открытые задачи",
    noTasks: "Открытых задач нет.",
    nobody: "никто не взял",
    comments: "Комментарии",
    noComments: "Комментариев нет.",
    files: "Файлы",
  },
  {
    tasks: "Ашық тапсырмалар",
    noTasks: "Ашық тапсырма жоқ.",
    nobody: "ешкім алмаған",
    comments: "Түсініктемелер",
    noComments: "Түсініктеме жоқ.",
    files: "Файлдар",
  },
  {
    tasks: "Open tasks",
    noTasks: "No open tasks.",
    nobody: "nobody has taken it",
    comments: "Comments",
    noComments: "No comments.",
    files: "Files",
  },
);

type Props = { id: string; over: boolean; tokens: Token[]; nameOf: (process: string, id: string) => string };

export function Beside({ id, over, tokens, nameOf }: Props) {
  const t = useWords();
  return (
    <div className="cs-columns">
      <OpenTasks tokens={tokens} nameOf={nameOf} />
      <Comments id={id} />
      <section className="card">
        <h2>{t.files}</h2>
        <Files instance={id} closed={over} />
      </section>
    </div>
  );
}

function OpenTasks({ tokens, nameOf }: Pick<Props, "tokens" | "nameOf">) {
  const t = useWords();
  const tasks = tokens.filter((one) => one.taskId);
  return (
    <section className="card">
      <h2>{t.tasks}</h2>
      {tasks.length === 0 && <p className="quiet">{t.noTasks}</p>}
      <ul className="cs-rows">
        {tasks.map((one) => (
          <li key={one.taskId}>
            <Link to="/tasks/$taskId" params={{ taskId: one.taskId ?? "" }} className="given">
              {nameOf(one.definitionKey, one.elementId)}
            </Link>
            <span className="quiet">
              <span className="given">{one.groups?.join(", ")}</span> ·{" "}
              <span className="given">{one.assignee ?? t.nobody}</span>
            </span>
            <Due at={one.dueAt} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Comments({ id }: { id: string }) {
  const t = useWords();
  const lang = useLang();
  const found = useComments(id);
  return (
    <section className="card">
      <h2>{t.comments}</h2>
      <Shown found={found}>
        {({ items }) => (
          <ul className="cs-rows">
            {items.length === 0 && <li className="quiet">{t.noComments}</li>}
            {items.map((one) => (
              <li key={one.id}>
                <p className="quiet">
                  <strong className="given">{one.actor}</strong> · {moment(lang, one.at)} ·{" "}
                  <Link to="/tasks/$taskId" params={{ taskId: one.taskId }} className="given">
                    {one.taskName}
                  </Link>
                </p>
                <p className="given">{one.text}</p>
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </section>
  );
}
