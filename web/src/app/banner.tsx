/** The outage banner: what 160 and 165 must know before they ask a subscriber anything. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { moment, words } from "../words/words";
import { useChanges } from "./live";
import { useLang } from "./person";
import { useMay } from "./session";

const useWords = words(
  { outages: "Действующие аварии", since: "с" },
  { outages: "Қазіргі апаттар", since: "басталуы" },
  { outages: "Outages now", since: "since" },
);

export function useNotices() {
  const may = useMay();
  return useQuery({
    queryKey: ["notices"],
    queryFn: () => ask(api.GET("/v1/notices")),
    enabled: may("notices.read"),
    refetchInterval: 30_000,
  });
}

export function Banner() {
  const t = useWords();
  const lang = useLang();
  const found = useNotices();
  useChanges((changes) => {
    if (changes.some((one) => one.kind === "notice")) void found.refetch({ cancelRefetch: false });
  });
  const notices = found.data?.items ?? [];
  if (notices.length === 0) return null;
  return (
    <section className="banner" aria-label={t.outages}>
      <ul>
        {notices.map((one) => (
          <li key={one.key}>
            <strong className="given">{one.text}</strong>{" "}
            {one.at && (
              <span>
                {t.since} {moment(lang, one.at)}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
