import { Link } from "@tanstack/react-router";
import type { HistoryLine, Task } from "../api/client";
import { useLang } from "../app/person";
import { Shown } from "../ui/state";
import { useNames } from "../words/process";
import { moment, words } from "../words/words";
import { useHistory } from "./given";

const SERVICE = "kt-flows";
const MOST = 15;

const useWords = words(
  {
    all: "Вся история и схема",
    none: "Пока ничего не произошло.",
    lines: {
      started: "Дело начато",
      completed: "Выполнено",
      claimed: "Взял(а) задачу",
      released: "Вернул(а) задачу",
      assigned: "Передал(а) задачу",
      commented: "Заметка",
      attached: "Приложен файл",
      caught: "Наступило",
      thrown: "Сообщено",
      incident: "Сбой",
      stuck: "Застряло",
      suspended: "Приостановлено",
      resumed: "Возобновлено",
      cancelled: "Дело отменено",
      "mail.received": "Получено письмо",
    },
  },
  {
    all: "Бүкіл тарихы мен сызбасы",
    none: "Әзірге ештеңе болған жоқ.",
    lines: {
      started: "Іс басталды",
      completed: "Орындалды",
      claimed: "Тапсырманы алды",
      released: "Тапсырманы қайтарды",
      assigned: "Тапсырманы берді",
      commented: "Жазба",
      attached: "Файл тіркелді",
      caught: "Болды",
      thrown: "Хабарланды",
      incident: "Ақау",
      stuck: "Тұрып қалды",
      suspended: "Тоқтатылды",
      resumed: "Жалғасты",
      cancelled: "Іс болдырылмады",
      "mail.received": "Хат алынды",
    },
  },
  {
    all: "Whole history and diagram",
    none: "Nothing has happened yet.",
    lines: {
      started: "Case started",
      completed: "Done",
      claimed: "Took the task",
      released: "Put the task back",
      assigned: "Assigned the task",
      commented: "Comment",
      attached: "File attached",
      caught: "Happened",
      thrown: "Told",
      incident: "Fault",
      stuck: "Stuck",
      suspended: "Suspended",
      resumed: "Resumed",
      cancelled: "Case cancelled",
      "mail.received": "Letter received",
    },
  },
);

/** The last of what happened in the case, newest first; all of it is on the case's page. */
export function History({ task }: { task: Task }) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  return (
    <>
      <Shown found={useHistory(task.instanceId)}>
        {(lines) => {
          const told = worthTelling(lines).filter((one) => one.kind in t.lines);
          if (told.length === 0) return <p className="quiet">{t.none}</p>;
          return (
            <ul className="notes">
              {told
                .slice(-MOST)
                .toReversed()
                .map((one) => (
                  <li key={one.id}>
                    <span className="quiet">{moment(lang, one.at)}</span> {t.lines[one.kind as keyof typeof t.lines]}
                    {one.elementId && (
                      <span className="given">: {names.element(one.definitionKey ?? "", one.elementId)}</span>
                    )}
                    {one.kind === "assigned" && <span className="given"> → {String(one.detail.assignee ?? "")}</span>}
                    {one.actor && one.actor !== SERVICE && <strong className="given"> · {one.actor}</strong>}
                  </li>
                ))}
            </ul>
          );
        }}
      </Shown>
      <p>
        <Link to="/cases/$caseId" params={{ caseId: task.instanceId }}>
          {t.all}
        </Link>
      </p>
    </>
  );
}

/** Steps at which time passed; what a token only ran through tells a person on the phone nothing. */
function worthTelling(lines: HistoryLine[]): HistoryLine[] {
  const entered = new Map(lines.filter((one) => one.kind === "entered").map((one) => [one.wait, one.at]));
  return lines.filter(
    (one) =>
      !(one.kind === "completed" && one.elementId && entered.get(one.wait) === one.at) &&
      !(one.kind === "cancelled" && one.elementId),
  );
}
