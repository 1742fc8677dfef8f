/** How it goes over a chosen time: how much, how much of it in time, how long each step takes, and what went wrong. */
import { useMemo } from "react";
import { useAddress } from "../app/address";
import { useLang } from "../app/person";
import { Chart } from "../ui/chart";
import { PeriodChoice, usePeriod } from "../ui/period";
import { Shown } from "../ui/state";
import { startOf } from "../words/days";
import { useNames } from "../words/process";
import { number, percent } from "../words/words";
import { csvAddress, useFigures, type Figures } from "./figures";
import { Causes, Processes, Stages } from "./tables";
import { useWords } from "./words";
import "../ui/table.css";
import "./figures.css";

export function FiguresPage() {
  const t = useWords();
  const names = useNames();
  const [search, change] = useAddress();
  const period = usePeriod(search);
  const key = search.definitionKey ?? "";
  const asked = { from: period.from, to: period.to, ...(key && { definitionKey: key }) };
  const found = useFigures(asked);
  const processes = [...new Set([...names.keys, ...(key ? [key] : [])])]
    .map((one) => ({ key: one, name: names.process(one) }))
    .sort((a, b) => a.name.localeCompare(b.name));
  return (
    <>
      <header className="page-head">
        <h1>{t.title}</h1>
        <PeriodChoice period={period} onChange={(next) => change({ period: "", from: "", to: "", ...next })} />
        <label className="figures-process">
          <span className="visually-hidden">{t.process}</span>
          <select value={key} onChange={({ target }) => change({ definitionKey: target.value })}>
            <option value="">{t.all}</option>
            {processes.map((one) => (
              <option key={one.key} value={one.key}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <a className="button" href={csvAddress(asked)} download>
          {t.csv}
        </a>
      </header>
      <Shown found={found}>{(figures) => <Told figures={figures} search={search} />}</Shown>
    </>
  );
}

function Told({ figures, search }: { figures: Figures; search: Record<string, string> }) {
  const t = useWords();
  const lang = useLang();
  const { cases, byDay } = figures;
  const series = useMemo(
    () =>
      (["started", "completed", "breached"] as const).map((field) => ({
        name: t[field],
        points: byDay.map((one): [string, number] => [new Date(startOf(one.day)).toISOString(), one[field]]),
      })),
    [byDay, t],
  );
  const judged = figures.inTime + figures.breached;
  const nothing = cases.started + cases.completed + cases.cancelled === 0;
  const sums: [string, number, string?][] = [
    [t.started, cases.started],
    [t.completed, cases.completed],
    [t.cancelled, cases.cancelled],
    [t.active, cases.active],
    [t.breached, figures.breached, figures.breached ? "due late" : ""],
    [t.months, figures.compensationMonths],
  ];
  return (
    <div className="figures">
      <dl className="figures-sums">
        {sums.map(([name, value, tone]) => (
          <div key={name} className="card">
            <dt>{name}</dt>
            <dd className={tone}>{number(lang, value)}</dd>
          </div>
        ))}
      </dl>
      <section className="card figures-share" aria-label={t.share}>
        <h2>{t.share}</h2>
        {figures.shareInTime === null ? (
          <p className="quiet">{t.shareNone}</p>
        ) : (
          <>
            <p>
              <strong>{percent(lang, figures.shareInTime)}</strong>{" "}
              <span className="quiet">{t.shareOf(number(lang, figures.inTime), number(lang, judged))}</span>
            </p>
            <div className="figures-bar" aria-hidden="true">
              <i style={{ width: `${100 * figures.shareInTime}%` }} />
            </div>
          </>
        )}
      </section>
      <section className="card">
        <h2>{t.throughput}</h2>
        {nothing ? <p className="quiet">{t.nothing}</p> : <Chart label={t.throughput} kind="bars" series={series} />}
      </section>
      <Stages stages={figures.stages} />
      <div className="figures-pair">
        <Causes title={t.byCause} rows={figures.byCause.map((one) => ({ key: one.cause, count: one.count }))} />
        <Causes title={t.byFault} rows={figures.byFault.map((one) => ({ key: one.fault, count: one.count }))} />
      </div>
      <Processes rows={figures.byProcess} search={search} />
    </div>
  );
}
