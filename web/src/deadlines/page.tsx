/** What breaks within the hour, whose it is, and to whom it can be given while there is time. */
import { useRef } from "react";
import { useAddress } from "../app/address";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import type { Query } from "../app/router";
import { Button } from "../ui/button";
import { HeldPill, useHeld } from "../ui/held";
import { Shown } from "../ui/state";
import { useNames } from "../words/process";
import { number } from "../words/words";
import { itemKey, useBoard, within, WITHIN, type Board, type Item } from "./board";
import { useGiving } from "./giving";
import { DeadlineList } from "./list";
import { Parts } from "./parts";
import { useWords } from "./words";
import "../ui/table.css";
import "./deadlines.css";

export function DeadlinesPage() {
  const t = useWords();
  const lang = useLang();
  const [search, change] = useAddress();
  const found = useBoard(search);
  const chosen = within(search);
  return (
    <>
      <header className="page-head">
        <h1>{t.title}</h1>
        <div className="row" role="group" aria-label={t.within}>
          <span aria-hidden="true">{t.within}</span>
          <div className="choices">
            {WITHIN.map((one) => (
              <button key={one} type="button" aria-pressed={one === chosen} onClick={() => change({ within: one })}>
                {t.hours(number(lang, parseInt(one.slice(2), 10)))}
              </button>
            ))}
          </div>
        </div>
      </header>
      <Shown found={found}>
        {(board) => (
          <Breaking
            board={board}
            about={found.isPlaceholderData ? "" : JSON.stringify(search)}
            search={search}
            change={change}
            refetch={async () => (await found.refetch()).data}
            more={found.hasNextPage ? () => void found.fetchNextPage() : undefined}
          />
        )}
      </Shown>
    </>
  );
}

type Props = {
  board: Board;
  about: string;
  search: Query;
  change: (search: Record<string, string | undefined>) => void;
  refetch: () => Promise<Board | undefined>;
  more: (() => void) | undefined;
};

function Breaking({ board: newest, about, search, change, refetch, more }: Props) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const held = useHeld(newest, (board) => board.items.map(itemKey), about);
  const board = held.shown;
  const list = useRef<HTMLElement>(null);
  const giving = useGiving(() => void refetch().then((next) => held.show(next)));
  const filtered = Boolean(search.definitionKey || search.branch || search.assignee || search.unassigned);

  function rows(): HTMLElement[] {
    return [...(list.current?.querySelectorAll<HTMLElement>("[data-first]") ?? [])];
  }
  function step(by: number) {
    const all = rows();
    const here = all.findIndex((one) => one.closest("tr")?.contains(document.activeElement));
    all[Math.min(Math.max(here + by, 0), all.length - 1)]?.focus();
  }
  function here(act: (item: Item) => void) {
    const key = document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset.row;
    const item = board.items.find((one) => itemKey(one) === key);
    if (item?.kind === "task") act(item);
  }
  useKeys([
    { key: "j", label: t.next, run: () => step(1) },
    { key: "k", label: t.previous, run: () => step(-1) },
    { key: "a", label: t.assign, run: () => here(giving.give) },
    { key: "r", label: t.release, run: () => here((item) => item.assignee && giving.release(item)) },
    { key: ".", label: t.show, run: () => held.show(), when: held.changed > 0 },
  ]);

  return (
    <>
      <dl className="deadlines-sums">
        {(["tasks", "cases"] as const).map((kind) => (
          <div key={kind} className="card">
            <dt>{t[kind]}</dt>
            <dd>
              <span className={board[kind].overdue ? "due late" : "quiet"}>
                <b>{number(lang, board[kind].overdue)}</b> {t.overdue}
              </span>
              <span className={board[kind].soon ? "due soon" : "quiet"}>
                <b>{number(lang, board[kind].soon)}</b> {t.soon}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      <div className="deadlines-parts">
        <Parts
          title={t.byProcess}
          parts={board.byProcess}
          named={(key) => names.process(key ?? "")}
          chosen={(key) => key === search.definitionKey}
          onChoose={(key, on) => change({ definitionKey: on && key ? key : undefined })}
        />
        <Parts
          title={t.byBranch}
          parts={board.byBranch}
          named={(key) => key ?? t.noBranch}
          chosen={(key) => (key === null ? undefined : key === search.branch)}
          onChoose={(key, on) => change({ branch: on && key ? key : undefined })}
        />
        <Parts
          title={t.byPerson}
          parts={board.byPerson}
          named={(key) => key ?? t.nobody}
          chosen={(key) => (key === null ? search.unassigned === "true" : key === search.assignee)}
          onChoose={(key, on) =>
            change({ assignee: on && key ? key : undefined, unassigned: on && key === null ? "true" : undefined })
          }
        />
      </div>
      <section ref={list} className="deadlines-breaking" aria-label={t.list} {...held.area}>
        <div className="row">
          <h2>{t.list}</h2>
          <span className="quiet" role="status">
            {t.breaking(number(lang, board.all))}
          </span>
          {filtered && (
            <Button
              kind="plain"
              onClick={() => change({ definitionKey: "", branch: "", assignee: "", unassigned: "" })}
            >
              {t.clear}
            </Button>
          )}
          <HeldPill held={held} />
        </div>
        {board.items.length === 0 ? (
          <p className="card quiet">{filtered ? t.emptyFiltered : t.empty}</p>
        ) : (
          <DeadlineList items={board.items} onGive={giving.give} onRelease={giving.release} />
        )}
        {more && <Button onClick={more}>{t.more(number(lang, board.items.length), number(lang, board.all))}</Button>}
      </section>
      {giving.dialog}
    </>
  );
}
