/** Numbers over time: drawn for the eye, named in a legend, and as a table for who reads or hears them. */
import { useEffect, useMemo, useRef, useState } from "react";
import { useLang } from "../app/person";
import { moment, number, words, type Lang } from "../words/words";
import { Button } from "./button";
import { useColours } from "./colours";
import { Dialog } from "./dialog";
import "./table.css";
import "./chart.css";

const useWords = words(
  {
    table: "Числа таблицей",
    time: "Время",
    none: "нет данных",
    summary: (name: string, last: string, low: string, high: string) =>
      `${name}: последнее ${last}, от ${low} до ${high}`,
    now: "по настоящее время",
  },
  {
    table: "Сандар кестемен",
    time: "Уақыт",
    none: "дерек жоқ",
    summary: (name, last, low, high) => `${name}: соңғысы ${last}, ${low} мен ${high} аралығында`,
    now: "қазірге дейін",
  },
  {
    table: "Numbers as a table",
    time: "Time",
    none: "no data",
    summary: (name, last, low, high) => `${name}: latest ${last}, from ${low} to ${high}`,
    now: "until now",
  },
);

export type Series = { name: string; unit?: string | undefined; points: [at: string, value: number | null][] };
/** A stretch of time behind the lines; `to` null: it goes on. */
export type Band = { from: string; to: string | null; label: string; tone: "late" | "soon" | "good" };

type Props = {
  label: string;
  series: Series[];
  kind: "line" | "bars";
  height?: number;
  bands?: Band[];
  /** The time that the axis shows, where it is more than the points. */
  span?: { from: string; to: string };
};

export function Chart({ label, series, kind, height = 220, bands = NONE, span }: Props) {
  const t = useWords();
  const lang = useLang();
  const colours = useColours();
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const columns = useMemo(() => aligned(series), [series]);
  const { from, to } = span ?? {};

  useEffect(() => {
    let end: (() => void) | undefined;
    let gone = false;
    void import("./plot").then(({ draw }) => {
      if (!gone && box.current)
        end = draw(box.current, { kind, columns, bands, from, to, colours, lang, height }, setAt);
    });
    return () => {
      gone = true;
      end?.();
    };
  }, [kind, columns, bands, from, to, colours, lang, height]);

  const told = (value: number | null | undefined, unit?: string) =>
    value == null ? t.none : `${number(lang, value, 2)}${unit ? ` ${unit}` : ""}`;
  const summary = series.map((one) => {
    const values = one.points.flatMap(([, value]) => value ?? []);
    const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [null, null];
    return t.summary(one.name, told(values.at(-1), one.unit), told(low), told(high, one.unit));
  });

  return (
    <figure className="chart">
      <div
        ref={box}
        className="chart-box"
        style={{ height }}
        role="img"
        aria-label={`${label}. ${summary.join("; ")}`}
      />
      <figcaption aria-hidden="true">
        <ul className="chart-legend">
          {at !== null && <li className="quiet">{stamp(lang, columns[0][at]! * 1000, kind)}</li>}
          {(series.length > 1 || at !== null) &&
            series.map((one, index) => (
              <li key={one.name}>
                <i className={`chart-key ${kind} n${index % 5}`} /> {one.name}
                {at !== null && <b>{told(columns[index + 1]?.[at], one.unit)}</b>}
              </li>
            ))}
        </ul>
      </figcaption>
      <Numbers label={label} series={series} columns={columns} kind={kind} told={told} />
      {bands.length > 0 && (
        <ul className="visually-hidden">
          {bands.map((band) => (
            <li key={band.from + band.label}>
              <span className="given">{band.label}</span>: {moment(lang, band.from)} –{" "}
              {band.to ? moment(lang, band.to) : t.now}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

const NONE: Band[] = [];

type Columns = [number[], ...(number | null)[][]];
type NumbersProps = {
  label: string;
  series: Series[];
  columns: Columns;
  kind: Props["kind"];
  told: (value: number | null | undefined, unit?: string) => string;
};

/** Its rows are made when it is opened: eight charts of 500 points would be 4,000 rows that nobody reads. */
function Numbers({ label, series, columns, kind, told }: NumbersProps) {
  const t = useWords();
  const lang = useLang();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="plain" className="chart-numbers" onClick={() => setOpen(true)}>
        {t.table}
        <span className="visually-hidden">: {label}</span>
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={label}>
        <table className="table" aria-label={label}>
          <thead>
            <tr>
              <th scope="col">{t.time}</th>
              {series.map((one) => (
                <th key={one.name} scope="col" className="number">
                  {one.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {columns[0].map((seconds, row) => (
              <tr key={seconds}>
                <th scope="row">{stamp(lang, seconds * 1000, kind)}</th>
                {series.map((one, index) => (
                  <td key={one.name} className="number">
                    {told(columns[index + 1]?.[row], one.unit)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Dialog>
    </>
  );
}

function stamp(lang: Lang, at: number, kind: Props["kind"]): string {
  return moment(lang, at, kind === "bars" ? { day: "numeric", month: "short", weekday: "short" } : undefined);
}

/** One row of times for all series, with null where one of them has nothing. */
function aligned(series: Series[]): Columns {
  const maps = series.map((one) => new Map(one.points.map(([at, value]) => [Date.parse(at) / 1000, value])));
  const times = [...new Set(maps.flatMap((one) => [...one.keys()]))].sort((a, b) => a - b);
  return [times, ...maps.map((one) => times.map((at) => one.get(at) ?? null))];
}
