/** The diagrams of a case: its own, and those of the processes that it has called, with its tokens on them. */
import { useMemo, useState } from "react";
import type { HistoryLine } from "../api/client";
import { useAddress } from "../app/address";
import { useNow } from "../app/clock";
import { useKeys } from "../app/keys";
import { Diagram } from "../diagram/diagram";
import { Loading } from "../ui/state";
import { useNames } from "../words/process";
import { words } from "../words/words";
import type { Definition, Diagrams, Token } from "./data";
import { isStuck, marksNow, marksPassed, marksThen, passes, type Stood } from "./marks";
import { Standing } from "./standing";
import "./picture.css";

const useWords = words(
  {
    processes: "Схемы дела",
    version: (n: number) => `версия ${n}`,
    here: (n: number) => `здесь стоит: ${n}`,
    label: (name: string, places: string) =>
      `Схема «${name}». Сейчас: ${places || "ничего"}. Те же шаги списком рядом.`,
    unknown: "Где дело стояло тогда, неизвестно: историю начала прежняя версия службы.",
    open: "Открыть вызванный процесс",
    others: "Другие схемы",
    stuck: "застряло",
  },
  {
    processes: "Іс сызбалары",
    version: (n) => `${n}-нұсқа`,
    here: (n) => `осында тұр: ${n}`,
    label: (name, places) => `«${name}» сызбасы. Қазір: ${places || "ештеңе"}. Сол қадамдар қасында тізіммен.`,
    unknown: "Іс ол кезде қай жерде тұрғаны белгісіз: тарихын қызметтің бұрынғы нұсқасы бастаған.",
    open: "Шақырылған процесті ашу",
    others: "Басқа сызбалар",
    stuck: "тұрып қалды",
  },
  {
    processes: "Diagrams of the case",
    version: (n) => `version ${n}`,
    here: (n) => `stands here: ${n}`,
    label: (name, places) =>
      `Diagram “${name}”. Now: ${places || "nothing"}. The same steps are in the list beside it.`,
    unknown: "Where the case stood then is not known: an earlier release began its history.",
    open: "Open the called process",
    others: "Other diagrams",
    stuck: "stuck",
  },
);

type Props = {
  definitions: Definition[];
  diagrams: Diagrams;
  tokens: Token[];
  /** The history up to the moment that is shown. */
  lines: HistoryLine[];
  /** Where it stood at an earlier moment; null where nobody knows, undefined for now. */
  then: Stood[] | null | undefined;
  nameOf: (process: string, id: string) => string;
};

export function Picture({ definitions, diagrams, tokens, lines, then, nameOf }: Props) {
  const t = useWords();
  const names = useNames();
  const [address, change] = useAddress();
  const [chosen, setChosen] = useState<string>();
  const minute = useNow(60); // colours change with it; the times tick by themselves
  const root = definitions.find((one) => one.root);
  const shown = definitions.find((one) => one.key === address["process"]) ?? root;
  const key = shown?.key ?? "";
  const diagram = diagrams.get(key);
  const open = (process: string) => change({ process: process === root?.key ? "" : process });
  const calls = (process: string, id: string) => {
    const called = diagrams.get(process)?.drawn.get(id)?.calls;
    return definitions.some((one) => one.key === called && one.touched) ? called : undefined;
  };
  const below = chosen === undefined ? undefined : calls(key, chosen);

  const marks = useMemo(() => {
    const text = (token: Token) =>
      isStuck(token) ? `${t.stuck}: ${token.error ?? ""}` : (token.assignee ?? token.groups?.join(", "));
    const there = then === undefined ? marksNow(tokens, key, minute, text) : marksThen(then ?? [], key);
    return [...there, ...marksPassed(passes(lines, key), there, diagram?.drawn)];
  }, [tokens, then, lines, key, diagram, t, minute]);

  useKeys([{ key: "Enter", label: t.open, when: below !== undefined, run: () => below && open(below) }]);

  const tab = (one: Definition) => {
    const here = (then === undefined ? tokens.filter((token) => token.watches == null) : (then ?? [])).filter(
      (token) => token.definitionKey === one.key,
    ).length;
    return (
      <li key={one.id}>
        <button
          type="button"
          title={t.version(one.version)}
          aria-pressed={one.key === key}
          onClick={() => open(one.key)}
        >
          <span className="given">{names.process(one.key)}</span>
          {here > 0 && (
            <span className="tag" title={t.here(here)}>
              <span aria-hidden="true">● {here}</span>
              <span className="visually-hidden">{t.here(here)}</span>
            </span>
          )}
        </button>
      </li>
    );
  };
  const touched = definitions.filter((one) => one.touched || one.root);
  const others = definitions.filter((one) => !one.touched && !one.root);

  return (
    <div className="cs-picture">
      <nav aria-label={t.processes}>
        <ul className="cs-processes">{touched.map(tab)}</ul>
        {others.length > 0 && (
          <details open={others.some((one) => one.key === key)}>
            <summary>{t.others}</summary>
            <ul className="cs-processes">{others.map(tab)}</ul>
          </details>
        )}
      </nav>
      {then === null && <p className="cs-unknown">{t.unknown}</p>}
      <div className="cs-beside">
        {diagram ? (
          <Diagram
            key={key}
            xml={diagram.xml}
            label={t.label(
              names.process(key),
              marks
                .filter((one) => one.tone !== "done")
                .map((one) => nameOf(key, one.elementId))
                .join(", "),
            )}
            marks={marks}
            selected={chosen}
            onSelect={setChosen}
            onOpen={(id) => {
              const called = calls(key, id);
              if (called) open(called);
            }}
            names={(id) => nameOf(key, id)}
            list={false}
          />
        ) : (
          <Loading />
        )}
        <Standing
          tokens={tokens}
          then={then === undefined ? undefined : (then ?? [])}
          process={key}
          selected={chosen}
          onSelect={(process, id) => {
            if (process !== key) open(process);
            setChosen(id);
          }}
          calls={calls}
          onOpen={open}
          nameOf={nameOf}
        />
      </div>
    </div>
  );
}
