/** All cases that the person may see: found by number, name or phone, filtered by process and state. */
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ask, type Instance } from "../api/client";
import { useAddress } from "../app/address";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { useRoomTitle } from "../app/title";
import { StateMark } from "../case/state-mark";
import { subscriberOf } from "../inbox/subscriber";
import { Button } from "../ui/button";
import { Due } from "../ui/due";
import { HeldPill, useHeld } from "../ui/held";
import { Shown } from "../ui/state";
import { useNames } from "../words/process";
import { useStateWords } from "../words/states";
import { moment, words } from "../words/words";
import { filtersOf, STATES, useCases, useNamed } from "./found";
import "../ui/table.css";
import "./cases.css";

const useWords = words(
  {
    title: "Дела",
    search: "Номер обращения, SR, запроса, внешний номер; имя или телефон абонента",
    process: "Процесс",
    state: "Состояние",
    since: "Начато не раньше",
    any: "любое",
    anyProcess: "любой",
    clear: "Сбросить",
    none: "Таких дел нет.",
    hint: "По имени и телефону находятся дела, в которых открыта задача.",
    more: "Показать ещё",
    key: "Номер",
    subscriber: "Абонент",
    started: "Начато",
    due: "Срок",
    breached: "нарушен",
    list: "Найденные дела",
  },
  {
    title: "Істер",
    search: "Өтініш, SR, сұрау нөмірі, сыртқы нөмір; абоненттің аты не телефоны",
    process: "Процесс",
    state: "Күйі",
    since: "Басталғаны, ерте дегенде",
    any: "кез келген",
    anyProcess: "кез келген",
    clear: "Тазарту",
    none: "Ондай іс жоқ.",
    hint: "Аты мен телефоны бойынша ашық тапсырмасы бар істер табылады.",
    more: "Тағы көрсету",
    key: "Нөмірі",
    subscriber: "Абонент",
    started: "Басталған",
    due: "Мерзімі",
    breached: "бұзылған",
    list: "Табылған істер",
  },
  {
    title: "Cases",
    search: "Number of the appeal, SR, request, business key; the subscriber's name or phone",
    process: "Process",
    state: "State",
    since: "Started not before",
    any: "any",
    anyProcess: "any",
    clear: "Clear",
    none: "There are no such cases.",
    hint: "By name and phone, cases with an open task are found.",
    more: "Show more",
    key: "Number",
    subscriber: "Subscriber",
    started: "Started",
    due: "Deadline",
    breached: "missed",
    list: "Cases found",
  },
);

const WAIT = 300; // milliseconds after the last letter

export function CasesPage() {
  const t = useWords();
  const states = useStateWords();
  const names = useNames();
  const [address, change] = useAddress();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(address["q"] ?? "");
  const definitions = useQuery({
    queryKey: ["definitions", "latest"],
    queryFn: () => ask(api.GET("/v1/definitions", { params: { query: { limit: 200 } } })),
    staleTime: 300_000,
  });
  const processes = [...new Set((definitions.data?.items ?? []).map((one) => one.key))];
  useRoomTitle(t.title);
  useKeys([{ key: "/", label: t.search, run: () => field.current?.focus() }]);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);

  function type(next: string) {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change({ q: next.trim() }), WAIT);
  }

  function clear() {
    setText("");
    window.clearTimeout(timer.current);
    change({ q: "", process: "", state: "", since: "" });
  }

  return (
    <>
      <header className="page-head">
        <h1>{t.title}</h1>
      </header>
      <form className="cases-filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label className="cases-q">
          {t.search}
          <input
            ref={field}
            type="search"
            value={text}
            maxLength={200}
            onChange={(event) => type(event.target.value)}
          />
        </label>
        <label>
          {t.process}
          <select value={address["process"] ?? ""} onChange={(event) => change({ process: event.target.value })}>
            <option value="">{t.anyProcess}</option>
            {processes.map((key) => (
              <option key={key} value={key}>
                {names.process(key)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t.state}
          <select value={address["state"] ?? ""} onChange={(event) => change({ state: event.target.value })}>
            <option value="">{t.any}</option>
            {STATES.map((state) => (
              <option key={state} value={state}>
                {states[state]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t.since}
          <input
            type="date"
            value={address["since"] ?? ""}
            onChange={(event) => change({ since: event.target.value })}
          />
        </label>
        {(text || Object.keys(filtersOf(address)).length > 0) && <Button onClick={clear}>{t.clear}</Button>}
      </form>
      {address["q"] ? <Named /> : <All />}
    </>
  );
}

function Named() {
  const t = useWords();
  const [address] = useAddress();
  const found = useNamed(address);
  return (
    <>
      <p className="quiet">{t.hint}</p>
      <Shown found={found}>{(cases) => <List cases={cases} />}</Shown>
    </>
  );
}

function All() {
  const [address] = useAddress();
  const found = useCases(address);
  const about = JSON.stringify(filtersOf(address));
  return (
    <Shown found={found}>
      {(cases) => (
        <Live
          cases={cases}
          about={about}
          more={found.hasNextPage ? () => void found.fetchNextPage() : undefined}
          busy={found.isFetchingNextPage}
        />
      )}
    </Shown>
  );
}

type LiveProps = { cases: Instance[]; about: string; more: (() => void) | undefined; busy: boolean };

function Live({ cases, about, more, busy }: LiveProps) {
  const t = useWords();
  // A page more is another list, which was asked for.
  const held = useHeld(cases, (these) => these.map((one) => one.id), `${about} ${Math.ceil(cases.length / 50)}`);
  return (
    <div {...held.area}>
      <HeldPill held={held} />
      <List cases={held.shown} />
      {more && (
        <p>
          <Button busy={busy} onClick={more}>
            {t.more}
          </Button>
        </p>
      )}
    </div>
  );
}

function List({ cases }: { cases: Instance[] }) {
  const t = useWords();
  if (cases.length === 0)
    return (
      <p className="quiet" role="status">
        {t.none}
      </p>
    );
  return (
    <div className="table-box card">
      <table className="table cases" aria-label={t.list}>
        <thead>
          <tr>
            <th scope="col">{t.key}</th>
            <th scope="col">{t.process}</th>
            <th scope="col">{t.state}</th>
            <th scope="col">{t.subscriber}</th>
            <th scope="col">{t.due}</th>
            <th scope="col">{t.started}</th>
          </tr>
        </thead>
        <tbody>
          {cases.map((one) => (
            <Row key={one.id} view={one} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ view }: { view: Instance }) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const who = subscriberOf(view);
  const due = view.variables["due_at"];
  const over = view.endedAt !== null;
  return (
    <tr>
      <th scope="row">
        <Link to="/cases/$caseId" params={{ caseId: view.id }} className="given">
          {who.number || view.id}
        </Link>
      </th>
      <td className="given">{names.process(view.definitionKey)}</td>
      <td>
        <StateMark state={view.state} />
      </td>
      <td className="given">{[who.name, who.phone].filter(Boolean).join(", ") || who.id}</td>
      <td data-label={typeof due === "string" ? t.due : undefined}>
        {typeof due === "string" && (over ? moment(lang, due) : <Due at={due} step={10} />)}
        {view.variables["breached"] === true && <span className="tag cs-bad">▲ {t.breached}</span>}
      </td>
      <td data-label={t.started}>{moment(lang, view.startedAt)}</td>
    </tr>
  );
}
