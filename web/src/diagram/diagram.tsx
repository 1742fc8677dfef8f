/** A process as it is drawn, with what stands on it: tokens, deadlines, counts, heat.  Beside it the same as a list. */
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useKeys } from "../app/keys";
import { Button } from "../ui/button";
import { Due } from "../ui/due";
import { words } from "../words/words";
import { namedIds, renamed } from "./names";
import type { View } from "./viewer";
import "./diagram.css";

export type Tone = "here" | "late" | "soon" | "stuck" | "done" | "waiting";
export type Mark = {
  elementId: string;
  tone: Tone;
  text?: string;
  /** ISO; what is left of it ticks. */
  due?: string;
  /** How often a token has gone through; what was passed and has none is coloured only. */
  count?: number;
};

const useWords = words(
  {
    zoomIn: "Крупнее",
    zoomOut: "Мельче",
    whole: "Вся схема",
    full: "На весь экран",
    back: "К текущим шагам",
    tools: "Масштаб",
    broken: "Схему нельзя нарисовать; шаги перечислены списком.",
    marked: "Отмечено на схеме",
    passed: (n: number) => `пройдено: ${n}`,
    here: "идёт сейчас",
    late: "срок прошёл",
    soon: "срок близок",
    stuck: "застряло",
    done: "пройдено",
    waiting: "ждёт события",
  },
  {
    zoomIn: "Ірірек",
    zoomOut: "Ұсағырақ",
    whole: "Бүкіл сызба",
    full: "Толық экран",
    back: "Қазіргі қадамдарға",
    tools: "Масштаб",
    broken: "Сызбаны салу мүмкін емес; қадамдар тізіммен берілген.",
    marked: "Сызбада белгіленген",
    passed: (n) => `өтілді: ${n}`,
    here: "қазір орындалуда",
    late: "мерзімі өтті",
    soon: "мерзімі жақын",
    stuck: "тұрып қалды",
    done: "өтілді",
    waiting: "оқиғаны күтуде",
  },
  {
    zoomIn: "Larger",
    zoomOut: "Smaller",
    whole: "Whole diagram",
    full: "Full screen",
    back: "To the current steps",
    tools: "Zoom",
    broken: "The diagram cannot be drawn; its steps are in the list.",
    marked: "Marked on the diagram",
    passed: (n) => `passed: ${n}`,
    here: "under way",
    late: "past its deadline",
    soon: "deadline is near",
    stuck: "stuck",
    done: "passed",
    waiting: "waits for an event",
  },
);

const SIGNS: Record<Tone, string> = { here: "●", late: "▲", soon: "◆", stuck: "✖", done: "✓", waiting: "◷" };
const ORDER: Tone[] = ["stuck", "late", "soon", "here", "waiting", "done"];

type Props = {
  xml: string;
  label: string;
  marks?: Mark[];
  /** 0..1 by element. */
  heat?: Record<string, number>;
  selected?: string | undefined;
  onSelect?: (elementId: string) => void;
  /** Double click: look into what the element calls. */
  onOpen?: (elementId: string) => void;
  names?: (elementId: string) => string | undefined;
  height?: string;
  /** Begins with all of it in sight, for a page that is about the whole. */
  whole?: boolean;
  /** A page with a list of its own leaves this one out. */
  list?: boolean;
};

const NO_MARKS: Mark[] = [];
const NO_HEAT: Record<string, number> = {};

export function Diagram(props: Props) {
  const { xml, label, marks = NO_MARKS, heat, selected, names, height, list = true, whole = false } = props;
  const t = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const select = useEffectEvent((id: string) => props.onSelect?.(id));
  const open = useEffectEvent((id: string) => props.onOpen?.(id));
  // Only once: afterwards it is the person who moves it.
  const begin = useEffectEvent((drawn: View) => (whole ? drawn.whole() : drawn.settle(current(marks))));
  const [view, setView] = useState<View | null>(null);
  const [broken, setBroken] = useState<string>();
  const [places, setPlaces] = useState<Map<string, HTMLElement>>(new Map());
  // Names may come as a new function each time; only other texts are another drawing.
  const ids = useMemo(() => namedIds(xml), [xml]);
  const texts = JSON.stringify(names ? ids.map((id) => [id, names(id)]) : []);
  const drawing = useMemo(() => renamed(xml, new Map(JSON.parse(texts) as [string, string | null][])), [xml, texts]);

  useEffect(() => {
    let wanted = true;
    let drawn: View | undefined;
    async function start() {
      const { draw } = await import("./viewer");
      if (!wanted || !box.current) return;
      drawn = await draw(box.current, drawing, {
        select: (id) => select(id),
        open: (id) => open(id),
        placed: setPlaces,
      });
      if (!wanted) drawn.drop();
      else setView(drawn);
    }
    start().catch(() => wanted && setBroken(drawing));
    return () => {
      wanted = false;
      setPlaces(new Map());
      setView(null);
      drawn?.drop();
    };
  }, [drawing]);

  useEffect(() => {
    if (view) begin(view);
  }, [view]);
  useEffect(() => {
    view?.label(label);
  }, [view, label]);
  useEffect(() => {
    view?.heat(heat ?? NO_HEAT);
  }, [view, heat]);
  useEffect(() => {
    if (view && selected) view.show(selected);
  }, [view, selected]);
  useEffect(() => {
    view?.dress(classes(view, marks, selected));
  }, [view, marks, selected]);
  const byElement = useMemo(() => grouped(marks), [marks]);
  useEffect(() => {
    if (!view) return;
    const where = (id: string) => (byElement.get(id)?.some((one) => one.text || one.due) ? "beside" : "corner");
    view.place([...byElement.keys()], where);
  }, [view, byElement]);

  const full = () => void (document.fullscreenElement ? document.exitFullscreen() : frame.current?.requestFullscreen());
  const back = () => view?.settle(current(marks));
  useKeys([
    { key: "+", label: t.zoomIn, run: () => view?.zoom(1.25) },
    { key: "-", label: t.zoomOut, run: () => view?.zoom(0.8) },
    { key: "0", label: t.back, run: back },
    { key: "w", label: t.whole, run: () => view?.whole() },
    { key: "f", label: t.full, run: full },
  ]);

  return (
    <div className="diagram" ref={frame}>
      <div className="dg-tools" role="group" aria-label={t.tools}>
        <Button aria-label={t.zoomOut} title={t.zoomOut} onClick={() => view?.zoom(0.8)}>
          −
        </Button>
        <Button aria-label={t.zoomIn} title={t.zoomIn} onClick={() => view?.zoom(1.25)}>
          +
        </Button>
        <Button hint="0" onClick={back}>
          {t.back}
        </Button>
        <Button hint="W" onClick={() => view?.whole()}>
          {t.whole}
        </Button>
        <Button hint="F" onClick={full}>
          {t.full}
        </Button>
      </div>
      <div
        className="dg-box"
        ref={box}
        style={{ height: height ?? "clamp(320px, 62vh, 760px)" }}
        hidden={broken === drawing}
      />
      <ul className="dg-legend">
        {ORDER.filter((tone) => marks.some((one) => one.tone === tone)).map((tone) => (
          <li key={tone} className={`dg-${tone}`}>
            <span aria-hidden="true">{SIGNS[tone]}</span> {t[tone]}
          </li>
        ))}
      </ul>
      {broken === drawing && <p role="alert">{t.broken}</p>}
      {[...places].map(([id, place]) => createPortal(<Badge marks={byElement.get(id) ?? []} />, place, id))}
      {list && <MarkList {...props} marks={marks} name={(id) => view?.name(id)} />}
    </div>
  );
}

function Badge({ marks }: { marks: Mark[] }) {
  return marks.map((one, index) => (
    <div key={index} className={`dg-badge dg-${one.tone}`}>
      <span>
        <span aria-hidden="true">{SIGNS[one.tone]}</span>
        {one.count !== undefined && one.count > 1 && ` ${one.count}`}
        {one.text && <span className="given"> {one.text}</span>} {!one.text && one.due && <Due at={one.due} />}
      </span>
      {one.text && one.due && <Due at={one.due} />}
    </div>
  ));
}

/** What stands on the diagram, for those who do not see it or have no mouse. */
function MarkList({
  marks = NO_MARKS,
  names,
  name,
  selected,
  onSelect,
}: Props & { name: (id: string) => string | undefined }) {
  const t = useWords();
  if (marks.length === 0) return null;
  return (
    <ul className="dg-list" aria-label={t.marked}>
      {marks.map((one, index) => (
        <li key={index}>
          <Button
            kind="plain"
            aria-pressed={onSelect ? one.elementId === selected : undefined}
            onClick={() => onSelect?.(one.elementId)}
          >
            <span aria-hidden="true">{SIGNS[one.tone]}</span>
            <span className="given">{names?.(one.elementId) ?? name(one.elementId) ?? one.elementId}</span>
          </Button>
          <span className="quiet">
            {one.count === undefined
              ? t[one.tone]
              : one.tone === "done"
                ? t.passed(one.count)
                : `${t[one.tone]}, ${t.passed(one.count)}`}
          </span>{" "}
          {one.text && <span className="given">{one.text}</span>} {one.due && <Due at={one.due} />}
        </li>
      ))}
    </ul>
  );
}

const current = (marks: Mark[]) => marks.filter((one) => one.tone !== "done").map((one) => one.elementId);

function grouped(marks: Mark[]): Map<string, Mark[]> {
  const found = new Map<string, Mark[]>();
  for (const one of marks)
    if (one.tone !== "done" || one.count !== undefined)
      found.set(one.elementId, [...(found.get(one.elementId) ?? []), one]);
  return found;
}

function classes(view: View, marks: Mark[], selected: string | undefined): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (id: string, name: string) => found.set(id, (found.get(id) ?? new Set()).add(name));
  const passed = marks.filter((one) => one.tone === "done").map((one) => one.elementId);
  for (const one of marks) add(one.elementId, `dg-on-${one.tone}`);
  for (const flow of view.waysOut(passed)) add(flow, "dg-on-done");
  if (selected) add(selected, "dg-selected");
  return found;
}
