/** What people hold and say about a case: open tasks, comments of all its tasks, its files. */
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useLang } from "../app/person";
import { useMay } from "../app/session";
import { Button } from "../ui/button";
import { Due } from "../ui/due";
import { Shown, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { moment, words } from "../words/words";
import { useAttachments, useComments, type Token } from "./data";
import { size } from "./files";
import "./beside.css";

const useWords = words(
  {
    tasks: "Открытые задачи",
    noTasks: "Открытых задач нет.",
    nobody: "никто не взял",
    comments: "Комментарии",
    noComments: "Комментариев нет.",
    files: "Файлы",
    noFiles: "Файлов нет.",
    add: "Добавить файл",
    adding: "Загружается…",
    added: (name: string) => `Файл «${name}» добавлен`,
    limit: "До 10 МБ.",
    tooLarge: "Файл больше 10 МБ.",
    download: "Скачать",
  },
  {
    tasks: "Ашық тапсырмалар",
    noTasks: "Ашық тапсырма жоқ.",
    nobody: "ешкім алмаған",
    comments: "Түсініктемелер",
    noComments: "Түсініктеме жоқ.",
    files: "Файлдар",
    noFiles: "Файл жоқ.",
    add: "Файл қосу",
    adding: "Жүктелуде…",
    added: (name) => `«${name}» файлы қосылды`,
    limit: "10 МБ дейін.",
    tooLarge: "Файл 10 МБ-тан үлкен.",
    download: "Жүктеп алу",
  },
  {
    tasks: "Open tasks",
    noTasks: "No open tasks.",
    nobody: "nobody has taken it",
    comments: "Comments",
    noComments: "No comments.",
    files: "Files",
    noFiles: "No files.",
    add: "Add a file",
    adding: "Uploading…",
    added: (name) => `File “${name}” was added`,
    limit: "Up to 10 MB.",
    tooLarge: "The file is larger than 10 MB.",
    download: "Download",
  },
);

const MOST = 10 * 1024 * 1024; // what the service takes; so that nobody waits for a refusal

type Props = { id: string; over: boolean; tokens: Token[]; nameOf: (process: string, id: string) => string };

export function Beside({ id, over, tokens, nameOf }: Props) {
  return (
    <div className="cs-columns">
      <OpenTasks tokens={tokens} nameOf={nameOf} />
      <Comments id={id} />
      <Files id={id} over={over} />
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

function Files({ id, over }: { id: string; over: boolean }) {
  const t = useWords();
  const lang = useLang();
  const may = useMay();
  const client = useQueryClient();
  const faultText = useFaultText();
  const found = useAttachments(id);
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");

  async function add(file: File) {
    setFault(file.size > MOST ? t.tooLarge : "");
    if (file.size > MOST) return;
    setBusy(true);
    const form = new FormData();
    form.append("file", file);
    try {
      const body = form as unknown as { file: string }; // the description has no other word for bytes
      const call = { params: { path: { id } }, body, bodySerializer: () => form };
      await ask(api.POST("/v1/instances/{id}/attachments", call));
      toast(t.added(file.name));
      void client.invalidateQueries({ queryKey: ["attachments", id] });
    } catch (error) {
      setFault(faultText(error));
    }
    setBusy(false);
  }

  return (
    <section className="card">
      <h2>{t.files}</h2>
      <Shown found={found}>
        {({ items }) => (
          <ul className="cs-rows">
            {items.length === 0 && <li className="quiet">{t.noFiles}</li>}
            {items.map((one) => (
              <li key={one.id}>
                <a className="given" href={`/v1/attachments/${encodeURIComponent(one.id)}`} download>
                  {one.name}
                </a>
                <span className="quiet">
                  {size(lang, one.size)} · <span className="given">{one.actor}</span> · {moment(lang, one.at)}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Shown>
      {may("tasks.work") && !over && (
        <p className="row">
          <Button busy={busy} onClick={() => input.current?.click()}>
            {busy ? t.adding : t.add}
          </Button>
          <span className="quiet">{t.limit}</span>
          <input
            ref={input}
            type="file"
            hidden
            aria-label={t.add}
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = "";
              if (file) void add(file);
            }}
          />
        </p>
      )}
      <p className="fault" role="alert">
        {fault}
      </p>
    </section>
  );
}
