/** The cases that the filters ask for, and those that a number, a name or a phone names. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ask, Problem, type Instance } from "../api/client";
import { useFresh } from "../app/fresh";
import type { Query } from "../app/router";

export const STATES: Instance["state"][] = ["active", "stuck", "suspended", "completed", "cancelled"];

const PAGE = 50;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** By what people and other systems call a case, besides its business key. */
const NUMBERS = ["variable.appeal_id", "variable.siebel_sr", "variable.request_id"];

type Filters = { definitionKey?: string; state?: Instance["state"]; startedAfter?: string };

export function filtersOf(address: Query): Filters {
  const state = STATES.find((one) => one === address["state"]);
  const day = address["since"];
  return {
    ...(address["process"] && { definitionKey: address["process"] }),
    ...(state && { state }),
    ...(day && /^\d{4}-\d\d-\d\d$/.test(day) && { startedAfter: `${day}T00:00:00+05:00` }),
  };
}

export function useCases(address: Query) {
  const filters = filtersOf(address);
  const found = useInfiniteQuery({
    queryKey: ["cases", filters],
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/v1/instances", {
          params: { query: { ...filters, limit: PAGE, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    enabled: !address["q"],
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
  useFresh(found, (change) => change.kind === "instance");
  return found;
}

/** Cases under this number; and those with a task that knows these words. */
export function useNamed(address: Query) {
  const text = address["q"] ?? "";
  const filters = filtersOf(address);
  return useQuery({
    queryKey: ["cases", "named", text, filters],
    queryFn: async () => {
      const by = (more: Record<string, string>) =>
        ask(api.GET("/v1/instances", { params: { query: { ...filters, ...more, limit: PAGE } } }));
      const lists = [by({ businessKey: text }), ...NUMBERS.map((name) => by({ [name]: text }))];
      const [own, known, ...numbered] = await Promise.all([
        ID.test(text) ? one(text) : null,
        withTasks(text),
        ...lists.map(async (list) => (await list).items),
      ]);
      const all = [...(own ? [own] : []), ...numbered.flat(), ...known].filter((view) => fits(view, filters));
      return [...new Map(all.map((view) => [view.id, view])).values()];
    },
    enabled: Boolean(text),
    placeholderData: keepPreviousData,
  });
}

async function one(id: string): Promise<Instance | null> {
  try {
    return await ask(api.GET("/v1/instances/{id}", { params: { path: { id } } }));
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

const MOST_KNOWN = 20;

async function withTasks(text: string): Promise<Instance[]> {
  const { items } = await ask(api.GET("/v1/tasks", { params: { query: { q: text, limit: MOST_KNOWN } } }));
  const cases = await Promise.all([...new Set(items.map((task) => task.instanceId))].map(one));
  return cases.filter((view) => view !== null);
}

function fits(view: Instance, { definitionKey, state, startedAfter }: Filters): boolean {
  return (
    (!definitionKey || view.definitionKey === definitionKey) &&
    (!state || view.state === state) &&
    (!startedAfter || Date.parse(view.startedAt) > Date.parse(startedAfter))
  );
}
