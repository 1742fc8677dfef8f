/** Filters that people keep for themselves or share with their groups. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { api, ask, type Schemas } from "../api/client";
import type { Query } from "../app/router";
import { useSession } from "../app/session";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { words } from "../words/words";
import { asText, filtersOf } from "./asked";

type Filter = Schemas["Filter"];

const useWords = words(
  {
    title: "Сохранённые отборы",
    save: "Сохранить этот отбор",
    edit: (name: string) => `Изменить отбор «${name}»`,
    by: (who: string) => `от ${who}`,
    name: "Название",
    share: "Видят и группы",
    keep: "Сохранить",
    here: "Заменить на то, что показано сейчас",
    remove: "Удалить",
    removed: (name: string) => `Отбор «${name}» удалён`,
  },
  {
    title: "Сақталған сүзгілер",
    save: "Осы сүзгіні сақтау",
    edit: (name) => `«${name}» сүзгісін өзгерту`,
    by: (who) => `авторы: ${who}`,
    name: "Атауы",
    share: "Мына топтар да көреді",
    keep: "Сақтау",
    here: "Қазір көрсетілгенге ауыстыру",
    remove: "Жою",
    removed: (name) => `«${name}» сүзгісі жойылды`,
  },
  {
    title: "Saved filters",
    save: "Save this filter",
    edit: (name) => `Change the filter ${name}`,
    by: (who) => `by ${who}`,
    name: "Name",
    share: "These groups see it too",
    keep: "Save",
    here: "Replace by what is shown now",
    remove: "Delete",
    removed: (name) => `The filter ${name} is deleted`,
  },
);

export function Saved({ filters }: { filters: Query }) {
  const t = useWords();
  const [edited, setEdited] = useState<Filter | "new" | null>(null);
  const { data } = useQuery({ queryKey: ["filters"], queryFn: () => ask(api.GET("/v1/filters")), staleTime: 60_000 });
  const here = asText(filters);
  const items = data?.items ?? [];
  return (
    <>
      {items.length > 0 && <h2>{t.title}</h2>}
      <ul>
        {items.map((one) => {
          const to = filtersOf(Object.fromEntries(new URLSearchParams(one.query)));
          return (
            <li key={one.id} className="inbox-saved">
              <Link to="/inbox" search={to} activeOptions={{ exact: true, includeSearch: true }}>
                <span className="given grow">{one.name}</span>
                {!one.mine && <small className="given quiet">{t.by(one.owner)}</small>}
              </Link>
              {one.mine && (
                <Button kind="plain" aria-label={t.edit(one.name)} onClick={() => setEdited(one)}>
                  ⋯
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {here && !items.some((one) => one.query === here) && (
        <Button kind="plain" onClick={() => setEdited("new")}>
          {t.save}
        </Button>
      )}
      {edited && <Edit filter={edited === "new" ? null : edited} here={here} onClose={() => setEdited(null)} />}
    </>
  );
}

function Edit({ filter, here, onClose }: { filter: Filter | null; here: string; onClose: () => void }) {
  const t = useWords();
  const faultText = useFaultText();
  const client = useQueryClient();
  const { groups } = useSession();
  const [name, setName] = useState(filter?.name ?? "");
  const [shared, setShared] = useState(filter?.groups ?? []);
  const [query, setQuery] = useState(filter?.query ?? here);

  async function run(call: Promise<unknown>, said?: string) {
    try {
      await call;
      await client.invalidateQueries({ queryKey: ["filters"] });
      if (said) toast(said);
      onClose();
    } catch (error) {
      toast(faultText(error), { bad: true });
    }
  }

  function keep(event: FormEvent) {
    event.preventDefault();
    const body = { name, query, groups: shared };
    const call = filter
      ? ask(api.PUT("/v1/filters/{id}", { params: { path: { id: filter.id } }, body }))
      : ask(api.POST("/v1/filters", { body }));
    void run(call);
  }

  return (
    <Dialog open onClose={onClose} title={filter ? t.edit(filter.name) : t.save}>
      <form className="inbox-save" onSubmit={keep}>
        <label>
          {t.name}
          <input value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} />
        </label>
        {groups.length > 0 && (
          <fieldset>
            <legend>{t.share}</legend>
            {groups.map((group) => (
              <label key={group} className="check">
                <input
                  type="checkbox"
                  checked={shared.includes(group)}
                  onChange={(event) =>
                    setShared(event.target.checked ? [...shared, group] : shared.filter((one) => one !== group))
                  }
                />
                <span className="given">{group}</span>
              </label>
            ))}
          </fieldset>
        )}
        {filter && here && query !== here && (
          <Button kind="plain" onClick={() => setQuery(here)}>
            {t.here}
          </Button>
        )}
        <p className="row">
          <Button kind="first" type="submit">
            {t.keep}
          </Button>
          {filter && (
            <Button
              kind="danger"
              onClick={() =>
                void run(
                  ask(api.DELETE("/v1/filters/{id}", { params: { path: { id: filter.id } } })),
                  t.removed(filter.name),
                )
              }
            >
              {t.remove}
            </Button>
          )}
        </p>
      </form>
    </Dialog>
  );
}
