/**
 * What a person decides about a mail completes the task that asks about it.  The names below are the keys of that
 * task's form (forms/sort_mail.form of the process of unsorted mail): the one agreement between this page and it.
 */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useLang } from "../app/person";

export type Decision =
  { verdict: "attach"; appeal_id: string; is_answer: boolean } | { verdict: "discard"; reason: string };

/** Claims and completes in one move; throws Problem, with 409 where somebody else was faster. */
export async function sort(taskId: string, decision: Decision): Promise<void> {
  const path = { id: taskId };
  await ask(api.POST("/v1/tasks/{id}/complete", { params: { path }, body: { values: decision } }));
}

/** What the form calls its field `key`, in the person's language. */
export function useFieldLabel(taskId: string, key: string): string {
  const lang = useLang();
  const { data } = useQuery({
    queryKey: ["task-form", taskId, lang],
    queryFn: () => ask(api.GET("/v1/tasks/{id}/form", { params: { path: { id: taskId }, query: { lang } } })),
    staleTime: Infinity,
  });
  const components = (data as { components?: { key?: string; label?: string }[] } | undefined)?.components;
  return components?.find((one) => one.key === key)?.label ?? key;
}
