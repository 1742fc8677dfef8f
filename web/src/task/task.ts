/** One task as it is now: read anew whenever something happens to it, never under a person's hands. */
import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { api, ask, type Task } from "../api/client";
import { useChanges } from "../app/live";

export function readTask(id: string): Promise<Task> {
  return ask(api.GET("/v1/tasks/{id}", { params: { path: { id } } }));
}

export function useTask(id: string): UseQueryResult<Task> {
  const client = useQueryClient();
  const found = useQuery({ queryKey: ["task", id], queryFn: () => readTask(id), staleTime: 0 });
  const instance = found.data?.instanceId;
  useChanges((changes) => {
    if (changes.some((one) => one.taskId === id)) void found.refetch({ cancelRefetch: false });
    const here = changes.filter((one) => one.instanceId === instance);
    if (here.length === 0) return;
    for (const what of ["instance", "history", "tokens", "correspondence", "comments", "attachments"])
      void client.invalidateQueries({ queryKey: [what, instance] });
  });
  return found;
}

export const isOver = (task: Task): boolean => task.state === "completed" || task.state === "cancelled";
