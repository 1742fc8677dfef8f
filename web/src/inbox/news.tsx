/** Urgent tasks that come while nobody looks: counted in the tab's title, and told by the browser where it may. */
import { useEffect, useRef, useState } from "react";
import { api, ask, Problem } from "../api/client";
import { useChanges } from "../app/live";
import { useMay, useSession } from "../app/session";
import { countUrgent } from "../app/title";
import { Button } from "../ui/button";
import { urgency } from "../ui/due";
import { useNames } from "../words/process";
import { subscriberOf } from "./subscriber";
import { useWords } from "./words";

const AT_ONCE = 10; // looked at of those that come together

const inSight = () => !document.hidden && document.hasFocus();

export function News() {
  const t = useWords();
  const may = useMay();
  const names = useNames();
  const { groups } = useSession();
  const seen = useRef(new Set<string>());

  useEffect(() => {
    function look() {
      if (!inSight()) return;
      seen.current.clear();
      countUrgent(0);
    }
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      window.removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);

  async function tell(id: string) {
    try {
      const task = await ask(api.GET("/v1/tasks/{id}", { params: { path: { id } } }));
      const mine = task.state === "open" && task.groups.some((group) => groups.includes(group));
      if (inSight() || !mine || !["late", "soon"].includes(urgency(task.dueAt))) return;
      seen.current.add(id);
      countUrgent(seen.current.size);
      if (!("Notification" in window) || Notification.permission !== "granted") return;
      const name = names.element(task.definitionKey, task.elementId, task.name);
      const body = [subscriberOf(task).name, subscriberOf(task).number].filter(Boolean).join(" · ");
      const note = new Notification(`${t.urgent}: ${name}`, { body, tag: id });
      note.onclick = () => {
        window.focus();
        location.assign(`/app/tasks/${id}`);
      };
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // what cannot be read now is in the list later
    }
  }

  useChanges((changes) => {
    if (inSight() || !may("tasks.work")) return;
    const fresh = changes.filter((one) => one.kind === "task" && ["created", "released"].includes(one.change));
    for (const one of fresh.slice(0, AT_ONCE)) if (one.taskId) void tell(one.taskId);
  });
  return null;
}

/** Asks the browser whether it may tell; only ever at a person's click. */
export function Ask() {
  const t = useWords();
  const [state, setState] = useState(() => ("Notification" in window ? Notification.permission : "granted"));
  if (state === "granted") return null;
  if (state === "denied") return <p className="quiet">{t.notifyBlocked}</p>;
  return (
    <Button kind="plain" onClick={() => void Notification.requestPermission().then(setState)}>
      {t.notify}
    </Button>
  );
}
