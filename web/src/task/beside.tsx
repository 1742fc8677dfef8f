import { Tabs } from "radix-ui";
import { useState } from "react";
import type { Task } from "../api/client";
import { useKeys } from "../app/keys";
import { useAttachments, useComments, useLetters } from "../case/data";
import { Letters } from "../case/letters";
import { words } from "../words/words";
import { Comments } from "./comments";
import { Files } from "./files";
import { History } from "./history";

const useWords = words(
  { beside: "Рядом с задачей", comments: "Заметки", files: "Файлы", letters: "Письма", history: "История" },
  { beside: "Тапсырма жанында", comments: "Жазбалар", files: "Файлдар", letters: "Хаттар", history: "Тарихы" },
  { beside: "Beside the task", comments: "Comments", files: "Files", letters: "Letters", history: "History" },
);
const TABS = ["comments", "files", "letters", "history"] as const;
type Tab = (typeof TABS)[number];

/** What lies beside the form: what colleagues said, files, the mails of the case, what happened so far. */
export function Beside({ task }: { task: Task }) {
  const t = useWords();
  const [tab, setTab] = useState<Tab>("comments");
  const counts: Partial<Record<Tab, number | undefined>> = {
    comments: useComments(task.instanceId).data?.items.length,
    files: useAttachments(task.instanceId).data?.items.length,
    letters: useLetters(task.instanceId).data?.items.length,
  };
  useKeys(TABS.map((one, at) => ({ key: String(at + 1), label: t[one], run: () => setTab(one) })));
  return (
    <Tabs.Root className="task-beside" value={tab} onValueChange={(to) => setTab(to as Tab)}>
      <Tabs.List className="task-tabs" aria-label={t.beside}>
        {TABS.map((one) => (
          <Tabs.Trigger key={one} value={one}>
            {t[one]}
            {counts[one] ? <span className="tag">{counts[one]}</span> : null}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="comments">
        <Comments task={task} />
      </Tabs.Content>
      <Tabs.Content value="files">
        <Files instance={task.instanceId} />
      </Tabs.Content>
      <Tabs.Content value="letters">
        <Letters id={task.instanceId} />
      </Tabs.Content>
      <Tabs.Content value="history">
        <History task={task} />
      </Tabs.Content>
    </Tabs.Root>
  );
}
