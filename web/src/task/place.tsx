import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { api, ask, type Task } from "../api/client";
import type { Mark } from "../diagram/diagram";
import { Dialog } from "../ui/dialog";
import { urgency } from "../ui/due";
import { Loading, Shown } from "../ui/state";
import { useNames } from "../words/process";
import { words } from "../words/words";

const useWords = words({ title: "Место на схеме" }, { title: "Сызбадағы орны" }, { title: "Place on the diagram" });
const Diagram = lazy(() => import("../diagram/diagram").then((room) => ({ default: room.Diagram })));

/** Where in its process the task stands, with whatever else of the case stands there too. */
export function PlaceDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const t = useWords();
  const names = useNames();
  const path = { id: task.instanceId };
  const found = useQuery({
    queryKey: ["place", task.id],
    queryFn: async () => {
      const [definitions, tokens] = await Promise.all([
        ask(api.GET("/v1/instances/{id}/definitions", { params: { path } })),
        ask(api.GET("/v1/instances/{id}/tokens", { params: { path } })),
      ]);
      const token = tokens.items.find((one) => one.taskId === task.id);
      const key = token?.definitionKey ?? task.definitionKey;
      const definition = definitions.items.find((one) => one.key === key) ?? definitions.items[0]!;
      const bpmn = api.GET("/v1/definitions/{id}/bpmn", { params: { path: { id: definition.id } }, parseAs: "text" });
      const marks = tokens.items.flatMap((one): Mark[] => {
        if (one.definitionKey !== definition.key) return [];
        const late = urgency(one.dueAt);
        const waits = one.kind === "timer" || one.kind === "message" || one.kind === "signal";
        const tone =
          one.kind === "incident" || one.state === "stuck"
            ? "stuck"
            : waits
              ? "waiting"
              : late === "late" || late === "soon"
                ? late
                : "here";
        return [{ elementId: one.elementId, tone, ...(one.dueAt ? { due: one.dueAt } : {}) }];
      });
      return { key: definition.key, xml: (await ask(bpmn)) as string, marks };
    },
  });
  return (
    <Dialog open onClose={onClose} title={t.title} wide>
      <Shown found={found}>
        {({ key, xml, marks }) => (
          <Suspense fallback={<Loading />}>
            <Diagram
              xml={xml}
              label={names.process(key)}
              marks={marks}
              selected={task.elementId}
              names={(id) => names.element(key, id, "") || undefined}
              height="min(52vh, 520px)"
            />
          </Suspense>
        )}
      </Shown>
    </Dialog>
  );
}
