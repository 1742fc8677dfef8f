/** The history as a timeline, the newest on top: each move with who made it, and what it brought about. */
import { useEffect, useMemo, useRef } from "react";
import type { HistoryLine } from "../api/client";
import { useAddress } from "../app/address";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { moment, words } from "../words/words";
import { Line } from "./line";
import { filtered, KINDS, SERVICE, type Find, type Kind, type Move } from "./moves";
import { EXACT } from "./slider";
import "./timeline.css";

const useWords = words(
  {
    show: "Показать",
    main: "Главное",
    people: "Люди",
    deadlines: "Сроки",
    decisions: "Решения",
    mail: "Почта",
    all: "Всё",
    service: "Служба",
    look: "Показать дело в этот момент",
    none: "Ничего такого ещё не было.",
  },
  {
    show: "Көрсету",
    main: "Басты",
    people: "Адамдар",
    deadlines: "Мерзімдер",
    decisions: "Шешімдер",
    mail: "Пошта",
    all: "Бәрі",
    service: "Қызмет",
    look: "Істі осы сәтте көрсету",
    none: "Ондай әлі болған жоқ.",
  },
  {
    show: "Show",
    main: "Main",
    people: "People",
    deadlines: "Deadlines",
    decisions: "Decisions",
    mail: "Mail",
    all: "Everything",
    service: "The service",
    look: "Show the case at this moment",
    none: "Nothing of the kind has happened yet.",
  },
);

type Props = {
  all: Move[];
  find: Find;
  at: string | undefined;
  onAt: (at: string) => void;
  nameOf: (process: string, id: string) => string;
};

export function Timeline({ all, find, at, onAt, nameOf }: Props) {
  const t = useWords();
  const [address, change] = useAddress();
  const kind = KINDS.find((one) => one === address["show"]) ?? "main";
  const shown = filtered(all, kind, find);
  // The moment itself may have nothing of this kind; then the last move before it is where the case was.
  const order = useMemo(() => new Map(all.map((one, index) => [one.at, index])), [all]);
  const placeOf = (moment: string) => order.get(moment) ?? -1;
  const until = at === undefined ? all.length : placeOf(at);
  const here = at === undefined ? undefined : shown.find((one) => placeOf(one.at) <= until)?.at;
  const marked = useRef<HTMLLIElement>(null);
  useEffect(() => {
    marked.current?.scrollIntoView({ block: "center" });
  }, [here]);

  return (
    <>
      <div className="choices cs-kinds" role="group" aria-label={t.show}>
        {KINDS.map((one: Kind) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === kind}
            onClick={() => change({ show: one === "main" ? "" : one })}
          >
            {t[one]}
          </button>
        ))}
      </div>
      {shown.length === 0 && (
        <p className="quiet" role="status">
          {t.none}
        </p>
      )}
      <ol className="cs-moves">
        {shown.map((move, index) => {
          const last = shown[index - 1];
          const place = at === undefined ? "" : move.at === here ? "here" : placeOf(move.at) > until ? "later" : "";
          return (
            <li
              key={`${move.at} ${move.actor} ${index - shown.length}`}
              ref={place === "here" && last?.at !== here ? marked : undefined}
              className={`cs-move ${place}`}
              aria-current={place === "here" ? "step" : undefined}
            >
              <MoveShown move={move} find={find} nameOf={nameOf} onAt={onAt} />
            </li>
          );
        })}
      </ol>
    </>
  );
}

function MoveShown({ move, find, nameOf, onAt }: { move: Move } & Pick<Props, "find" | "nameOf" | "onAt">) {
  const t = useWords();
  const lang = useLang();
  return (
    <>
      <header>
        <Button kind="plain" title={t.look} onClick={() => onAt(move.at)}>
          <time dateTime={move.at}>{moment(lang, move.at, EXACT)}</time>
          <span className="visually-hidden">, {t.look}</span>
        </Button>
        <span className="cs-actor given">{move.actor === SERVICE ? t.service : move.actor}</span>
      </header>
      {move.lines.map((line: HistoryLine) => (
        <Line key={line.id} line={line} element={find(line)} nameOf={nameOf} />
      ))}
    </>
  );
}
