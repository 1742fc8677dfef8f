/**
 * The tasks of a list: pages as one scrolls, rows that change in place as others work, and an order that waits until
 * nobody points at the list.
 */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
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
  held: Held<string[]>;
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
      const query = {
        ...asked(filters, me, at),
        ...(pageParam ? { limit: FURTHER, cursor: pageParam.cursor } : { limit: PAGE }),
      };
      return { ...(await ask(api.GET("/v1/tasks", { params: { query } }))), at };
    },
    initialPageParam: null as Cursor,
    getNextPageParam: (last): Cursor => (last.nextCursor ? { cursor: last.nextCursor, at: last.at } : null),
  });

  const known = useRef({ key, tasks: new Map<string, Task>() });
  if (known.current.key !== key) known.current = { key, tasks: new Map() };
  const [, redraw] = useState(0);
  const put = useCallback(
    (task: Task) => {
      known.current.tasks.set(task.id, task);
      client.setQueryData(["task", task.id], task);
      redraw((count) => count + 1);
    },
    [client],
  );

  const fresh = useMemo(() => {
    const items = found.data?.pages.flatMap((page) => page.items) ?? [];
    items.forEach((one) => known.current.tasks.set(one.id, one));
    return [...new Set(items.map((one) => one.id))];
  }, [found.data]);
  const there = useMemo(() => new Set(fresh), [fresh]);
  const about = found.data ? key : `${key} …`;
  const held = useHeld(fresh, (ids) => ids, about);

  const refresh = useRested(() => {
    if (document.hidden) return;
    void found.refetch({ cancelRefetch: false });
    void client.invalidateQueries({ queryKey: ["counts"] });
  });
  useChanges((changes) => {
    const told = changes.filter((one) => one.kind === "task" && one.change !== "commented");
    const shown = [...new Set(told.map((one) => one.taskId))].filter((id) => id && known.current.tasks.has(id));
    for (const id of shown.slice(0, LOOKED_AT)) void look(id!).then((task) => task && put(task));
    if (told.length > 0) refresh();
  });
  const line = useLine();
  useEffect(() => {
    if (line === "open" && found.data) refresh();
  }, [line]);

  async function fetchMore() {
    const before = held.shown;
    const { data } = await found.fetchNextPage({ cancelRefetch: false });
    const all = data?.pages.flatMap((page) => page.items.map((one) => one.id)) ?? [];
    held.show([...new Set([...before, ...all])]); // below what is shown, where nothing is moved
  }

  return {
    key,
    ids: held.shown,
    task: (id) => known.current.tasks.get(id),
    gone: (id) => !there.has(id),
    put,
    held: { ...held, show: (next = fresh) => held.show(next) },
    more: found.hasNextPage,
    fetchMore: () => !found.isFetching && void fetchMore(),
    refresh,
    isPending: found.isPending,
    error: found.data ? null : found.error,
  };
}

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
  latest.current = run;
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
