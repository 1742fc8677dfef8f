import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, ask, type Task } from "../api/client";
import type { Query } from "../app/router";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { useMay } from "../app/session";
import { Button } from "../ui/button";
import { HeldPill } from "../ui/held";
import { Fault, Loading, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { count, number } from "../words/words";
import { FILTERS, useFilters } from "./asked";
import { useBulk } from "./bulk";
import { Chips } from "./chips";
import type { Deed } from "./hands";
import { List, type ListHandle, type Place } from "./list";
import { People } from "./people";
import { Search } from "./search";
import { Sidebar } from "./sidebar";
import { useTasks } from "./tasks";
import { useWords } from "./words";
import "./inbox.css";

/** Where each list was left: the active row, and how far it was scrolled. */
const places = new Map<string, Place>();

function placeOf(key: string): Place {
  const found = places.get(key) ?? { active: undefined, offset: 0 };
  places.set(key, found);
  return found;
}

export function InboxPage() {
  const t = useWords();
  const lang = useLang();
  const may = useMay();
  const faultText = useFaultText();
  const navigate = useNavigate();
  const filters = useFilters();
  const { taskId } = useParams({ strict: false });
  const tasks = useTasks(filters);
  const list = useRef<ListHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const place = placeOf(tasks.key);
  // The row that keys act on, and where it stood: where it went away, the one in its place is the next.
  const [active, setActive] = useState({ id: taskId ?? place.active, at: 0 });
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [pickedLast, setPickedLast] = useState<string>();
  const [giving, setGiving] = useState<Task[] | null>(null);
  const bulk = useBulk((changed) => {
    changed.forEach(tasks.put);
    tasks.refresh();
  });
  const works = may("tasks.work");

  const found = active.id ? tasks.ids.indexOf(active.id) : -1;
  const index = found >= 0 ? found : Math.min(active.at, tasks.ids.length - 1);
  const current = tasks.ids[index];
  const [shown, setShown] = useState(tasks.key);
  if (shown !== tasks.key) {
    setShown(tasks.key); // another list, with a place of its own
    setPicked(new Set());
    setActive({ id: taskId ?? place.active, at: 0 });
  }

  useEffect(() => {
    if (current) placeOf(tasks.key).active = current;
  }, [tasks.key, current]);
  useEffect(() => {
    if (!taskId && (!document.activeElement || document.activeElement === document.body)) list.current?.focus();
  }, [taskId, tasks.isPending]);
  useEffect(() => {
    // The form's code is there before the first task is opened.
    const timer = window.setTimeout(() => void import("../forms/island"), 1500);
    return () => window.clearTimeout(timer);
  }, []);

  const activate = (id: string) => setActive({ id, at: tasks.ids.indexOf(id) });
  function move(to: number) {
    const id = tasks.ids[Math.max(0, Math.min(to, tasks.ids.length - 1))];
    if (id) activate(id);
  }
  function filter(change: Query) {
    const kept = Object.entries({ ...filters, ...change }).filter(([, value]) => value);
    void navigate({ to: "/inbox", search: Object.fromEntries(kept), replace: true });
  }
  function open(id: string) {
    activate(id);
    void navigate({ to: "/inbox/$taskId", params: { taskId: id }, search: filters });
  }
  function back() {
    void navigate({ to: "/inbox", search: filters });
    list.current?.focus();
  }
  function pick(id: string, range: boolean) {
    const next = new Set(picked);
    const [from, to] = [tasks.ids.indexOf(pickedLast ?? id), tasks.ids.indexOf(id)].sort((a, b) => a - b);
    if (range && from! >= 0) tasks.ids.slice(from, to! + 1).forEach((one) => next.add(one));
    else if (!next.delete(id)) next.add(id);
    setPicked(next);
    setPickedLast(id);
    activate(id);
  }
  const chosen = (): Task[] => {
    const ids = picked.size > 0 ? tasks.ids.filter((id) => picked.has(id)) : current ? [current] : [];
    return ids.flatMap((id) => tasks.task(id) ?? []);
  };
  async function change(deed: Deed) {
    const many = chosen();
    if (many.length === 0) return;
    const results = await bulk.change(many, deed);
    setPicked(new Set());
    if (deed.what === "claim" && many.length === 1 && results[0]?.now) open(many[0]!.id);
  }
  async function takeNext() {
    try {
      const groups = filters.group ? { groups: [filters.group] } : {};
      const task = await ask(api.POST("/v1/tasks/next", { body: groups }));
      if (!task) return toast(t.none);
      tasks.put(task);
      open(task.id);
    } catch (error) {
      toast(faultText(error), { bad: true });
    }
  }

  useKeys([
    { key: "j", label: t.keys.down, run: () => move(index + 1) },
    { key: "k", label: t.keys.up, run: () => move(index - 1) },
    { key: "Enter", label: t.keys.open, run: () => current && open(current), when: !taskId },
    { key: "o", label: t.keys.open, run: () => current && open(current) },
    { key: "x", label: t.keys.pick, run: () => current && pick(current, false) },
    { key: "shift+x", label: t.keys.range, run: () => current && pick(current, true) },
    { key: "shift+a", label: t.keys.all, run: () => setPicked(new Set(tasks.ids)) },
    { key: "n", label: t.keys.next, run: () => void takeNext(), when: works },
    { key: "c", label: t.keys.take, run: () => void change({ what: "claim" }), when: works && !taskId },
    { key: "r", label: t.keys.release, run: () => void change({ what: "release" }), when: works && !taskId },
    { key: "a", label: t.keys.give, run: () => setGiving(chosen()), when: may("tasks.assign") && !taskId },
    { key: "/", label: t.keys.search, run: () => search.current?.focus() },
    { key: ".", label: t.keys.show, run: () => tasks.held.show(), when: tasks.held.changed > 0 },
    { key: "Escape", label: t.unpick, run: () => setPicked(new Set()), when: picked.size > 0 && !taskId },
    { key: "Escape", label: t.keys.back, run: back, when: Boolean(taskId) },
    { key: "u", label: t.keys.back, run: back, when: Boolean(taskId) },
  ]);

  const Title = taskId ? "h2" : "h1"; // one of the first rank: beside a task it is the task's
  const filtered = FILTERS.some((name) => name !== "sort" && filters[name]);
  return (
    <div className={taskId ? "inbox with-task" : "inbox"}>
      <Sidebar filters={filters} />
      <section className="inbox-main" aria-labelledby="inbox-title">
        <header className="inbox-head">
          <Title id="inbox-title">{t.title}</Title>
          <Search
            field={search}
            value={filters.q ?? ""}
            onSearch={(q) => filter({ q })}
            onLeave={() => list.current?.focus()}
          />
          {works && (
            <Button kind="first" hint="N" onClick={() => void takeNext()}>
              {t.next}
            </Button>
          )}
        </header>
        <div className="inbox-bar">
          {picked.size > 0 ? (
            <div className="row" role="group" aria-label={count(lang, picked.size, t.picked)}>
              <strong role="status">{count(lang, picked.size, t.picked)}</strong>
              {works && (
                <Button onClick={() => void change({ what: "claim" })} hint="C">
                  {t.take}
                </Button>
              )}
              {may("tasks.assign") && (
                <Button onClick={() => setGiving(chosen())} hint="A">
                  {t.give}
                </Button>
              )}
              {works && (
                <Button onClick={() => void change({ what: "release" })} hint="R">
                  {t.release}
                </Button>
              )}
              <Button kind="plain" onClick={() => setPicked(new Set())}>
                {t.unpick}
              </Button>
            </div>
          ) : (
            <Chips filters={filters} onChange={filter} />
          )}
          <HeldPill held={tasks.held} />
        </div>
        {tasks.error ? (
          <Fault error={tasks.error} onAgain={tasks.refresh} />
        ) : tasks.isPending ? (
          <Loading />
        ) : tasks.ids.length === 0 ? (
          <p className="inbox-empty quiet">{filters.q ? t.emptyFound : filtered ? t.empty : t.emptyAll}</p>
        ) : (
          <List
            key={tasks.key}
            tasks={tasks}
            active={current}
            picked={picked}
            open={taskId}
            search={filters}
            narrow={Boolean(taskId)}
            place={place}
            handle={list}
            onMove={move}
            onOpen={open}
            onPick={pick}
          />
        )}
        <p className="inbox-foot quiet" role="status">
          {!tasks.isPending && `${t.shown(number(lang, tasks.ids.length))}${tasks.more ? `, ${t.more}` : ""}`}
        </p>
      </section>
      <Outlet />
      {bulk.dialog}
      {giving && giving.length > 0 && (
        <People
          tasks={giving}
          onClose={() => setGiving(null)}
          onChosen={(to) => {
            setGiving(null);
            void change({ what: "assign", to });
          }}
        />
      )}
    </div>
  );
}
