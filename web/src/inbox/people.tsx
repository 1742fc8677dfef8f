/** Whom to give tasks to: people who share a group with the caller, those of the tasks' own groups first. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Task } from "../api/client";
import { useSession } from "../app/session";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Shown } from "../ui/state";
import { words } from "../words/words";
import "./hands.css";

const useWords = words(
  { title: "Кому передать", find: "Имя или группа", me: "себе", none: "Никто не подошёл." },
  { title: "Кімге беру", find: "Аты немесе тобы", me: "өзіме", none: "Ешкім сай келмеді." },
  { title: "Assign to", find: "Name or group", me: "to myself", none: "Nobody fits." },
);

type Props = { tasks: Task[]; onChosen: (name: string) => void; onClose: () => void };

export function People({ tasks, onChosen, onClose }: Props) {
  const t = useWords();
  const me = useSession().name;
  const [sought, setSought] = useState("");
  const people = useQuery({ queryKey: ["people"], queryFn: () => ask(api.GET("/v1/people")), staleTime: 60_000 });
  const groups = new Set(tasks.flatMap((one) => one.groups));

  return (
    <Dialog open onClose={onClose} title={t.title}>
      <label className="people-find">
        {t.find}
        <input type="search" value={sought} onChange={(event) => setSought(event.target.value)} />
      </label>
      <Shown found={people}>
        {({ items }) => {
          const word = sought.trim().toLocaleLowerCase();
          const fits = (one: (typeof items)[number]) => one.groups.some((group) => groups.has(group));
          const found = items
            .filter((one) => [one.name, ...one.groups].some((text) => text.toLocaleLowerCase().includes(word)))
            .sort((a, b) => Number(fits(b)) - Number(fits(a)));
          if (found.length === 0) return <p className="quiet">{t.none}</p>;
          return (
            <ul className="people">
              {found.map((one) => (
                <li key={one.name}>
                  <Button onClick={() => onChosen(one.name)}>
                    <span className="given">{one.name}</span>
                    {one.name === me && <em>{t.me}</em>}
                    <small className="given">{one.groups.join(", ")}</small>
                  </Button>
                </li>
              ))}
            </ul>
          );
        }}
      </Shown>
    </Dialog>
  );
}
