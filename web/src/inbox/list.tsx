import { useVirtualizer } from "@tanstack/react-virtual";
import {
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useRef,
  useSyncExternalStore,
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
} from "react";
import { useSession } from "../app/session";
import { urgency } from "../ui/due";
import { Row } from "./row";
import type { Tasks } from "./tasks";
import { useWords } from "./words";

export type ListHandle = { focus: () => void };
export type Place = { active: string | undefined; offset: number };
type Props = {
  tasks: Tasks;
  active: string | undefined;
  picked: ReadonlySet<string>;
  open: string | undefined;
  search: Record<string, string>;
  /** Beside a task: three lines in a narrow column. */
  narrow: boolean;
  /** Where it was left; kept up to date as one scrolls. */
  place: Place;
  handle: RefObject<ListHandle | null>;
  onMove: (to: number) => void;
  onOpen: (id: string) => void;
  onPick: (id: string, range: boolean) => void;
};

const ROW = "task-"; // what a row's id begins with
const AHEAD = 30; // rows: more are asked for before the last one is seen
const SMALL = window.matchMedia("(max-width: 860px)");

function onSmall(told: () => void): () => void {
  SMALL.addEventListener("change", told);
  return () => SMALL.removeEventListener("change", told);
}

/** All tasks of the list, of which only those in sight are drawn; the focus is the list's, its row is the active one. */
export function List(props: Props) {
  const { tasks, active, picked, open, place, handle } = props;
  const small = useSyncExternalStore(onSmall, () => SMALL.matches);
  const slim = props.narrow || small;
  const t = useWords();
  const me = useSession().name;
  const box = useRef<HTMLDivElement>(null);
  const at = active ? tasks.ids.indexOf(active) : -1;
  const size = slim ? 76 : 54;
  // oxlint-disable-next-line react/incompatible-library -- its answers change in place; nothing here is memoized by them
  const rows = useVirtualizer({
    count: tasks.ids.length,
    getScrollElement: () => box.current,
    estimateSize: () => size,
    overscan: 6,
    initialOffset: place.offset,
    getItemKey: (index) => tasks.ids[index]!,
  });
  const drawn = rows.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;

  const nearEnd = tasks.more && last >= tasks.ids.length - AHEAD;
  const fetchMore = useEffectEvent(() => tasks.fetchMore());
  useEffect(() => {
    if (nearEnd) fetchMore();
  }, [nearEnd, tasks.ids.length]);
  const fresh = useRef(true);
  const follow = useEffectEvent(() => {
    if (!fresh.current) {
      rows.measure();
      if (at >= 0) rows.scrollToIndex(at, { align: "auto" });
    }
    fresh.current = false; // it begins where it was left
  });
  useEffect(() => follow(), [at, size]);
  useImperativeHandle(handle, () => ({ focus: () => box.current?.focus({ preventScroll: true }) }));

  function onKeyDown(event: KeyboardEvent) {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / size) - 1);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const step = steps[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? tasks.ids.length - 1 : step && Math.max(at, 0) + step;
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    props.onMove(at < 0 ? 0 : to);
  }

  function onClick(event: MouseEvent) {
    const row = (event.target as HTMLElement).closest("[role=row]");
    const id = row?.id.slice(ROW.length);
    if (!id) return;
    if (event.shiftKey) props.onPick(id, true);
    else props.onOpen(id);
  }

  return (
    <div
      {...tasks.held.area}
      ref={box}
      className={slim ? "inbox-list narrow" : "inbox-list"}
      role="grid"
      aria-label={t.list}
      aria-multiselectable="true"
      aria-rowcount={tasks.more ? -1 : tasks.ids.length}
      aria-activedescendant={drawn.some((one) => one.index === at) ? ROW + active : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onScroll={(event) => (place.offset = event.currentTarget.scrollTop)}
    >
      <div role="presentation" className="inbox-rows" style={{ height: rows.getTotalSize() }}>
        {drawn.map(({ index, start }) => {
          const id = tasks.ids[index]!;
          const task = tasks.task(id);
          if (!task) return null;
          const away = tasks.gone(id) || (task.assignee !== null && task.assignee !== me);
          const how = ["inbox-row", urgency(task.dueAt), away ? "away" : "", id === active ? "active" : ""];
          return (
            <div
              key={id}
              id={ROW + id}
              role="row"
              aria-rowindex={index + 1}
              aria-selected={picked.has(id)}
              className={how.filter(Boolean).join(" ")}
              data-open={id === open || undefined}
              style={{ height: size, transform: `translateY(${start}px)` }}
            >
              <Row
                task={task}
                gone={tasks.gone(id)}
                picked={picked.has(id)}
                open={id === open}
                search={props.search}
                onPick={(range) => props.onPick(id, range)}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}
