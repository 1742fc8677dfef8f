/**
 * The tasks of a list: pages as one scrolls, rows that change in place as others work, and an order that waits until
 * nobody points at the list.
 */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { api, ask, Problem, type Task } from "../api/client";
import { now } from "../app/clock";
import { useChanges, useLine } from "../app/live";
import type { Query } from "../app/router";
import { useSession } from "../app/session";
import { useHeld, type Held } from "../ui/held";
import { asked, asText } from "./asked";

const PAGE = 100;
const FURTHER = 300; // who scrolls on wants more, and all that is shown is read again when something changes
const REST = 2_000; // milliseconds between two readings of a list on which much happens
const LOOKED_AT = 20; // single rows at once; beyond that the whole list is read anyway

type Cursor = { cursor: string; at: string } | null;

export type Tasks = {
  key: string;
  ids: string[];
  task: (id: string) => Task | undefined;
  /** It is in no page any more: done, or no longer what is asked for. */
  gone: (id: string) => boolean;
  /** What has just been answered of a task: shown before the list is read again. */
  put: (task: Task) => void;
  held: Held<Task[]>;
  more: boolean;
  fetchMore: () => void;
  refresh: () => void;
  isPending: boolean;
  error: unknown;
};

export function useTasks(filters: Query): Tasks {
  const me = useSession().name;
  const client = useQueryClient();
  const key = asText(filters);
  const found = useInfiniteQuery({
    queryKey: ["tasks", key],
    queryFn: async ({ pageParam }) => {
      const at = pageParam?.at ?? new Date(now()).toISOString();
      const page = pageParam ? { limit: FURTHER, cursor: pageParam.cursor } : { limit: PAGE };
      return {
        ...(await ask(api.GET("/v1/tasks", { params: { query: { ...asked(filters, me, at), ...page } } }))),
        at,
      };
    },
    initialPageParam: null as Cursor,
    getNextPageParam: (last): Cursor => (last.nextCursor ? { cursor: last.nextCursor, at: last.at } : null),
  });

  const fresh = useMemo(
    () => new Map(found.data?.pages.flatMap((page) => page.items.map((one) => [one.id, one]))),
    [found.data],
  );
  const listed = useMemo(() => [...fresh.values()], [fresh]);
  const held = useHeld(listed, idsOf, found.data ? key : `${key} …`);
  /** What was told of single tasks since the list was read. */
  const [told, setTold] = useState<ReadonlyMap<string, { task: Task; at: number }>>(new Map());
  const shown = useMemo(() => new Map(held.shown.map((one) => [one.id, one])), [held.shown]);

  function put(task: Task) {
    client.setQueryData(["task", task.id], task);
    setTold((before) => new Map(before).set(task.id, { task, at: Date.now() }));
  }
  function task(id: string): Task | undefined {
    const since = told.get(id);
    const read = fresh.get(id);
    return since && (!read || since.at > found.dataUpdatedAt) ? since.task : (read ?? shown.get(id));
  }

  const refresh = useRested(() => {
    if (document.hidden) return;
    void found.refetch({ cancelRefetch: false });
    void client.invalidateQueries({ queryKey: ["counts"] });
  });
  useChanges((changes) => {
    const now = changes.filter((one) => one.kind === "task" && one.change !== "commented");
    const here = [...new Set(now.map((one) => one.taskId))].filter((id) => id && (shown.has(id) || fresh.has(id)));
    for (const id of here.slice(0, LOOKED_AT)) void look(id!).then((one) => one && put(one));
    if (now.length > 0) refresh();
  });
  const line = useLine();
  const back = useEffectEvent(() => found.data && refresh());
  useEffect(() => {
    if (line === "open") back(); // what happened meanwhile was not told
  }, [line]);

  async function fetchMore() {
    const before = held.shown;
    const { data } = await found.fetchNextPage({ cancelRefetch: false });
    const all = [...before, ...(data?.pages.flatMap((page) => page.items) ?? [])];
    held.show([...new Map(all.map((one) => [one.id, one])).values()]); // below what is shown, where nothing is moved
  }

  return {
    key,
    ids: useMemo(() => held.shown.map((one) => one.id), [held.shown]),
    task,
    gone: (id) => !fresh.has(id),
    put,
    held,
    more: found.hasNextPage,
    fetchMore: () => !found.isFetching && void fetchMore(),
    refresh,
    isPending: found.isPending,
    error: found.data ? null : found.error,
  };
}

const idsOf = (tasks: Task[]): string[] => tasks.map((one) => one.id);

/** The task as it is, or nothing where it is no longer this person's to see. */
async function look(id: string): Promise<Task | null> {
  try {
    return await ask(api.GET("/v1/tasks/{id}", { params: { path: { id } } }));
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** Runs at once, and while more is asked for no more often than it rests. */
function useRested(run: () => void): () => void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  const state = useRef<{ timer: number | undefined; again: boolean }>({ timer: undefined, again: false });
  useEffect(() => () => window.clearTimeout(state.current.timer), []);
  return useCallback(() => {
    const rest = () => {
      state.current.timer = window.setTimeout(() => {
        state.current.timer = undefined;
        if (!state.current.again) return;
        state.current.again = false;
        latest.current();
        rest();
      }, REST);
    };
    if (state.current.timer !== undefined) state.current.again = true;
    else {
      latest.current();
      rest();
    }
  }, []);
}
