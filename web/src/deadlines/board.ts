/** What breaks, as the service tells it: counts and list come in one answer, so they always agree. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useFresh } from "../app/fresh";
import type { Query } from "../app/router";

export const WITHIN = ["PT1H", "PT4H", "PT8H", "PT24H"] as const;
export type Within = (typeof WITHIN)[number];
const PAGE = 100;

export function within(search: Query): Within {
  return WITHIN.find((one) => one === search.within) ?? "PT1H";
}

function askBoard(search: Query, cursor: string | null) {
  const { definitionKey, branch, assignee, unassigned } = search;
  const query = {
    within: within(search),
    limit: PAGE,
    ...(definitionKey && { definitionKey }),
    ...(branch && { branch }),
    ...(assignee && { assignee }),
    ...(unassigned === "true" && { unassigned: true }),
    ...(cursor && { cursor }),
  };
  return ask(api.GET("/v1/deadlines", { params: { query } }));
}

export type Page = Awaited<ReturnType<typeof askBoard>>;
export type Item = Page["items"][number];
export type Part = Page["byProcess"][number];
/** The counts of the newest page with the items of all that were asked for. */
export type Board = Page & { all: number };

export function useBoard(search: Query) {
  const found = useInfiniteQuery({
    queryKey: ["deadlines", search],
    queryFn: ({ pageParam }) => askBoard(search, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    select: ({ pages }) => joined(pages),
  });
  useFresh(found);
  return found;
}

function joined(pages: Page[]): Board {
  const first = pages[0]!;
  const { tasks, cases } = first;
  return {
    ...first,
    items: pages.flatMap((page) => page.items),
    all: tasks.overdue + tasks.soon + cases.overdue + cases.soon,
  };
}

export function itemKey(item: Item): string {
  return item.taskId ?? `case ${item.instanceId}`;
}
