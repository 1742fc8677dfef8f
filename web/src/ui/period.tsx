/** The time that figures are about: whole days of the operator's country, kept in the address. */
import { useMemo } from "react";
import { now } from "../app/clock";
import { dayOf, daysAfter, isDay, startOf } from "../words/days";
import { words } from "../words/words";

const useWords = words(
  { label: "За время", today: "Сегодня", week: "7 дней", days: "30 дней", month: "Этот месяц", from: "С", to: "по" },
  { label: "Уақыт аралығы", today: "Бүгін", week: "7 күн", days: "30 күн", month: "Осы ай", from: "Басы", to: "соңы" },
  {
    label: "Over the time",
    today: "Today",
    week: "7 days",
    days: "30 days",
    month: "This month",
    from: "From",
    to: "to",
  },
);

const CHOICES = ["today", "week", "days", "month"] as const;
type Choice = (typeof CHOICES)[number];
/** The first and the last day, both inside; `from` and `to` are the moments, `to` the first one outside. */
export type Period = { choice: Choice | null; first: string; last: string; from: string; to: string };
type Search = Record<string, string>;

/** What the address says: `period=week`, or `from` and `to` as days. */
export function usePeriod(search: Search, otherwise: Choice = "week"): Period {
  const today = dayOf(now());
  const { from, to, period } = search;
  return useMemo(() => {
    if (isDay(from) && isDay(to) && from <= to) return between(null, from, to);
    const choice = CHOICES.find((one) => one === period) ?? otherwise;
    const first = { today, week: daysAfter(today, -6), days: daysAfter(today, -29), month: `${today.slice(0, 8)}01` };
    return between(choice, first[choice], today);
  }, [from, to, period, today, otherwise]);
}

function between(choice: Choice | null, first: string, last: string): Period {
  const moment = (day: string) => new Date(startOf(day)).toISOString();
  return { choice, first, last, from: moment(first), to: moment(daysAfter(last, 1)) };
}

type Props = { period: Period; onChange: (search: Search) => void };

export function PeriodChoice({ period, onChange }: Props) {
  const t = useWords();
  return (
    <div className="row" role="group" aria-label={t.label}>
      <div className="choices">
        {CHOICES.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === period.choice}
            onClick={() => onChange({ period: one })}
          >
            {t[one]}
          </button>
        ))}
      </div>
      <label>
        {t.from}{" "}
        <input
          type="date"
          value={period.first}
          max={period.last}
          onChange={({ target }) => isDay(target.value) && onChange({ from: target.value, to: period.last })}
        />
      </label>
      <label>
        {t.to}{" "}
        <input
          type="date"
          value={period.last}
          min={period.first}
          onChange={({ target }) => isDay(target.value) && onChange({ from: period.first, to: target.value })}
        />
      </label>
    </div>
  );
}
