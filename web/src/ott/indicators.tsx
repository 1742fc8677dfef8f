import { useMemo } from "react";
import { useNow } from "../app/clock";
import { useLang } from "../app/person";
import { Chart, type Band } from "../ui/chart";
import { lasting, number } from "../words/words";
import type { Indicator, Span } from "./platform";
import { useWords } from "./words";

type Props = { indicator: Indicator; span: Span; bands: Band[] };

export function IndicatorChart({ indicator, span, bands }: Props) {
  const t = useWords();
  const lang = useLang();
  const now = useNow(30);
  const name = indicator.name.replaceAll("_", " ");
  const unit = indicator.unit ?? undefined;
  const points = indicator.points as [string, number | null][];
  const series = useMemo(() => [{ name, unit, points }], [name, unit, points]);
  const last = points.at(-1);
  const known = points.findLast(([, value]) => value !== null);
  return (
    <section className="card ott-indicator" aria-label={name}>
      <h3>{name}</h3>
      <p className="ott-latest">
        {known ? (
          <>
            <strong>
              {number(lang, known[1]!, 2)} {unit && <span className="given">{unit}</span>}
            </strong>{" "}
            <span className="quiet">{t.ago(lasting(lang, now - Date.parse(known[0])))}</span>
          </>
        ) : (
          <strong className="quiet">{t.noValue}</strong>
        )}
        {last && last[1] === null && <span className="due soon"> ◆ {t.gap}</span>}
      </p>
      <Chart label={name} kind="line" height={130} series={series} span={span} bands={bands} />
    </section>
  );
}
