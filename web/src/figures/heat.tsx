/** Where a process's time goes: counts and durations on its diagram, and the same numbers beside it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api, ask } from "../api/client";
import { useAddress } from "../app/address";
import { useLang } from "../app/person";
import { useTitle } from "../app/title";
import { Diagram, type Mark } from "../diagram/diagram";
import { Button } from "../ui/button";
import { PeriodChoice, usePeriod } from "../ui/period";
import { Shown } from "../ui/state";
import { SortedTable } from "../ui/table";
import { useNames } from "../words/process";
import { number, type Lang } from "../words/words";
import { seconds } from "./figures";
import { useWords } from "./words";
import "./figures.css";

const MEASURES = ["count", "p50", "p95", "open"] as const;
type Measure = (typeof MEASURES)[number];

function askHeat(query: { definitionKey: string; version?: number; from: string; to: string }) {
  return ask(api.GET("/v1/heat", { params: { query } }));
}
type Heat = Awaited<ReturnType<typeof askHeat>>;
type Item = Heat["items"][number];

export function HeatPage() {
  const t = useWords();
  const names = useNames();
  const { key } = useParams({ strict: false }) as { key: string };
  useTitle(names.process(key));
  const [search, change] = useAddress();
  const period = usePeriod(search);
  const measure = MEASURES.find((one) => one === search.measure) ?? "count";
  const version = /^\d{1,6}$/.test(search.version ?? "") ? Number(search.version) : undefined;

  const definitions = useQuery({
    queryKey: ["definitions", key],
    queryFn: () => ask(api.GET("/v1/definitions", { params: { query: { key, limit: 100 } } })),
  });
  const drawn = definitions.data?.items.find((one) => version === undefined || one.version === version);
  const diagram = useQuery({
    queryKey: ["diagram", drawn?.id],
    queryFn: () => ask(api.GET("/v1/definitions/{id}/bpmn", { params: { path: { id: drawn!.id } }, parseAs: "text" })),
    enabled: drawn !== undefined,
    staleTime: Infinity,
  });
  const query = { definitionKey: key, from: period.from, to: period.to, ...(version !== undefined && { version }) };
  const found = useQuery({
    queryKey: ["heat", query],
    queryFn: () => askHeat(query),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });

  return (
    <>
      <header className="page-head">
        <Link to="/figures" search={{}}>
          ← {t.back}
        </Link>
        <h1>
          {t.heatTitle}: <span className="given">{names.process(key)}</span>
        </h1>
      </header>
      <div className="row figures-choices">
        <PeriodChoice period={period} onChange={(next) => change({ period: "", from: "", to: "", ...next })} />
        <div className="choices" role="group" aria-label={t.measure}>
          {MEASURES.map((one) => (
            <button key={one} type="button" aria-pressed={one === measure} onClick={() => change({ measure: one })}>
              {t.measures[one]}
            </button>
          ))}
        </div>
        <label>
          {t.version}{" "}
          <select value={version ?? ""} onChange={({ target }) => change({ version: target.value })}>
            <option value="">{t.allVersions}</option>
            {definitions.data?.items.map((one) => (
              <option key={one.id} value={one.version}>
                {one.version}
              </option>
            ))}
          </select>
        </label>
      </div>
      {definitions.data && !drawn && <p role="alert">{t.unknown}</p>}
      <Shown found={found}>
        {(heat) => (
          <Heated definitionKey={key} heat={heat} measure={measure} xml={diagram.data as string | undefined} />
        )}
      </Shown>
    </>
  );
}

type Props = { definitionKey: string; heat: Heat; measure: Measure; xml: string | undefined };

function Heated({ definitionKey, heat, measure, xml }: Props) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const [selected, select] = useState<string | undefined>();
  const named = (id: string) => names.element(definitionKey, id);
  const { shades, marks, most } = useMemo(() => shown(heat.items, measure, lang), [heat.items, measure, lang]);
  const told = (value: number | null) =>
    measure === "p50" || measure === "p95" ? seconds(lang, value) : number(lang, value ?? 0);
  return (
    <>
      <p className="row">
        <span>{t.cases(number(lang, heat.cases))}</span>
        <span className="figures-legend quiet">
          {t.legend}: {t.cold(told(0))} <i aria-hidden="true" /> {t.hot(told(most))}
        </span>
      </p>
      {heat.items.length === 0 && <p className="card quiet">{t.heatNone}</p>}
      <div className="figures-heat">
        {xml && (
          <Diagram
            xml={xml}
            label={t.heatOf(names.process(definitionKey))}
            heat={shades}
            marks={marks}
            selected={selected}
            onSelect={select}
            names={named}
            list={false}
            whole
          />
        )}
        {heat.items.length > 0 && (
          <section className="card" aria-label={t.numbers}>
            <SortedTable
              key={measure}
              label={t.numbers}
              rows={heat.items}
              rowKey={(one) => one.elementId}
              selected={selected}
              start={{ key: measure, down: true }}
              columns={[
                {
                  key: "name",
                  name: t.element,
                  value: (one) => named(one.elementId),
                  show: (one) => (
                    <Button
                      kind="plain"
                      aria-pressed={one.elementId === selected}
                      onClick={() => select(one.elementId)}
                    >
                      <span className="given">{named(one.elementId)}</span>
                    </Button>
                  ),
                },
                plain("count", t.entered, lang, (one) => one.entered),
                plain("completed", t.done, lang, (one) => one.completed),
                plain("cancelled", t.left, lang, (one) => one.cancelled),
                plain("open", t.open, lang, (one) => one.open),
                long("p50", t.p50, lang, (one) => one.p50Seconds),
                long("p95", t.p95, lang, (one) => one.p95Seconds),
              ]}
            />
          </section>
        )}
      </div>
    </>
  );
}

const plain = (key: string, name: string, lang: Lang, value: (one: Item) => number) => ({
  key,
  name,
  number: true,
  value,
  show: (one: Item) => number(lang, value(one)),
});
const long = (key: string, name: string, lang: Lang, value: (one: Item) => number | null) => ({
  key,
  name,
  number: true,
  value,
  show: (one: Item) => seconds(lang, value(one)),
});

const VALUES: Record<Measure, (one: Item) => number | null> = {
  count: (one) => one.entered,
  p50: (one) => one.p50Seconds,
  p95: (one) => one.p95Seconds,
  open: (one) => one.open,
};

/** How bright each element is, and the number that stands at it. */
function shown(items: Item[], measure: Measure, lang: Lang) {
  const valued = items
    .map((one) => ({ id: one.elementId, value: VALUES[measure](one) ?? 0 }))
    .filter((one) => one.value > 0);
  const most = Math.max(0, ...valued.map((one) => one.value));
  const shades = Object.fromEntries(valued.map(({ id, value }) => [id, value / most]));
  const marks = valued.map(({ id, value }): Mark => {
    if (measure === "open") return { elementId: id, tone: "here", text: number(lang, value) };
    const text = measure === "count" ? number(lang, value) : seconds(lang, value);
    return { elementId: id, tone: "done", count: 1, text };
  });
  return { shades, marks, most };
}
