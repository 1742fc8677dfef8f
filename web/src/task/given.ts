/** What a task that is over was completed with: the case's history has what it changed. */
import { useQuery } from "@tanstack/react-query";
import { api, ask, type Task } from "../api/client";
import type { Values } from "../forms/form";

export function useGiven(task: Task): { ready: boolean; values: Values } {
  const over = task.state === "completed";
  const found = useHistory(task.instanceId, over);
  if (!over || !found.data) return { ready: false, values: {} };
  const lines = found.data.filter((one) => one.kind === "changed" && one.at === task.completedAt);
  const sets = lines.map((one) => one.detail.set as Values | undefined);
  return { ready: true, values: Object.assign({}, ...sets) as Values };
}

/** A case's history, oldest first, all of it. */
export function useHistory(instance: string, enabled = true) {
  return useQuery({
    queryKey: ["history", instance],
    enabled,
    queryFn: async () => {
      const path = { id: instance };
      const first = await ask(api.GET("/v1/instances/{id}/history", { params: { path, query: { limit: 500 } } }));
      const items = first.items;
      for (let cursor = first.nextCursor; cursor;) {
        const query = { limit: 500, cursor };
        const more = await ask(api.GET("/v1/instances/{id}/history", { params: { path, query } }));
        items.push(...more.items);
        cursor = more.nextCursor;
      }
      return items;
    },
  });
}
