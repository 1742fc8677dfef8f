import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, ask, type Task } from "../api/client";
import { useLang } from "../app/person";
import { useMay } from "../app/session";
import { useComments } from "../case/data";
import { Button } from "../ui/button";
import { Shown, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { moment, words } from "../words/words";
import { isOver } from "./task";

const useWords = words(
  { none: "Заметок нет.", add: "Новая заметка", send: "Добавить" },
  { none: "Жазба жоқ.", add: "Жаңа жазба", send: "Қосу" },
  { none: "There are no comments.", add: "New comment", send: "Add" },
);

export function Comments({ task }: { task: Task }) {
  const t = useWords();
  const lang = useLang();
  const may = useMay();
  const client = useQueryClient();
  const faultText = useFaultText();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const found = useComments(task.instanceId);

  async function add(event: FormEvent) {
    event.preventDefault();
    if (!text.trim() || busy) return;
    setBusy(true);
    try {
      await ask(api.POST("/v1/tasks/{id}/comments", { params: { path: { id: task.id } }, body: { text } }));
      setText("");
      await client.invalidateQueries({ queryKey: ["comments", task.instanceId] });
    } catch (error) {
      toast(faultText(error), { bad: true });
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Shown found={found}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">{t.none}</p>
          ) : (
            <ul className="notes">
              {items.map((one) => (
                <li key={one.id}>
                  <p className="quiet">
                    <strong className="given">{one.actor}</strong> {moment(lang, one.at)}
                    {one.taskId !== task.id && <span className="given"> · {one.taskName}</span>}
                  </p>
                  <p className="given">{one.text}</p>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {may("tasks.work") && !isOver(task) && (
        <form className="notes-add" onSubmit={(event) => void add(event)}>
          <label htmlFor="new-note">{t.add}</label>
          <textarea
            id="new-note"
            rows={3}
            maxLength={10_000}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
              event.stopPropagation(); // it sends the comment, not the task
              event.nativeEvent.stopImmediatePropagation();
              void add(event);
            }}
          />
          <Button type="submit" busy={busy}>
            {t.send}
          </Button>
        </form>
      )}
    </>
  );
}
