import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../api/client";
import { useLang } from "../app/person";
import type { Query } from "../app/router";
import { number } from "../words/words";
import { Ask } from "./news";
import { Saved } from "./saved";
import { useWords } from "./words";
import "./sidebar.css";

/** The ready filters with their counts, one's groups, and the filters that were saved. */
export function Sidebar({ filters }: { filters: Query }) {
  const t = useWords();
  const { data } = useQuery({ queryKey: ["counts"], queryFn: () => ask(api.GET("/v1/tasks/counts")) });
  return (
    <nav className="inbox-side" aria-label={t.filters}>
      <ul>
        <Filter name={t.all} to={{}} />
        <Filter name={t.mine} to={{ mine: "true" }} n={data?.mine} />
        <Filter name={t.free} to={{ unassigned: "true" }} n={data?.unassigned} />
        <Filter name={t.overdue} to={{ overdue: "true" }} n={data?.overdue} late />
      </ul>
      {data && data.groups.length > 0 && (
        <>
          <h2>{t.groups}</h2>
          <ul>
            {data.groups.map((one) => (
              <Filter key={one.group} name={one.group} to={{ group: one.group }} n={one.open} over={one.overdue} />
            ))}
          </ul>
        </>
      )}
      <Saved filters={filters} />
      <Ask />
    </nav>
  );
}

/** The address is current only with these very filters. */
const EXACTLY = { exact: true, includeSearch: true };

type FilterProps = { name: string; to: Query; n?: number | undefined; over?: number; late?: boolean };

function Filter({ name, to, n, over, late }: FilterProps) {
  const t = useWords();
  const lang = useLang();
  return (
    <li>
      <Link to="/inbox" search={to} activeOptions={EXACTLY}>
        <span className="given grow">{name}</span>
        {n !== undefined && <span className={late && n > 0 ? "late" : "quiet"}>{number(lang, n)}</span>}
        {over ? (
          <span className="late" title={t.late(number(lang, over))}>
            <span aria-hidden="true">▲</span>
            <span className="visually-hidden">{t.late("")}</span> {number(lang, over)}
          </span>
        ) : null}
      </Link>
    </li>
  );
}
