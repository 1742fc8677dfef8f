import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useFresh } from "../app/fresh";
import { useNames } from "../words/process";
import { useWords } from "./words";

function askStuck(cursor: string | null) {
  return ask(api.GET("/v1/jobs", { params: { query: { state: "stuck", limit: 100, ...(cursor && { cursor }) } } }));
}

export type Job = Awaited<ReturnType<typeof askStuck>>["items"][number];
/** The kind of a step of the case itself that could not be done, without any call to the outside. */
export const INCIDENT = "element.retry";

export function useStuck() {
  const found = useInfiniteQuery({
    queryKey: ["jobs", "stuck"],
    queryFn: ({ pageParam }) => askStuck(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000, // a job of no case gets stuck without an event
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
  useFresh(found);
  return found;
}

/** What people call it: the step's name, or the kind of work where there is no step. */
export function useJobName(): (job: Job) => string {
  const t = useWords();
  const names = useNames();
  return ({ definitionKey, elementId, kind }) => {
    if (!elementId) return kind === INCIDENT ? t.incident : kind;
    // The step may be of a process that the case's own one calls.
    const keys = [...(definitionKey ? [definitionKey] : []), ...names.keys];
    return keys.map((key) => names.element(key, elementId, "")).find(Boolean) ?? elementId;
  };
}
