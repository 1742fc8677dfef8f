/** Giving a task away from the board: it is read first, so that whose it is now is what is told and undone. */
import { useState, type ReactNode } from "react";
import { api, ask, type Task } from "../api/client";
import { useBulk } from "../inbox/bulk";
import { People } from "../inbox/people";
import { useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import type { Item } from "./board";

type Giving = { give: (item: Item) => void; release: (item: Item) => void; dialog: ReactNode };

export function useGiving(onChanged: () => void): Giving {
  const faultText = useFaultText();
  const [given, setGiven] = useState<Task | null>(null);
  const bulk = useBulk(onChanged);

  async function read(item: Item, then: (task: Task) => void) {
    if (!item.taskId) return;
    try {
      then(await ask(api.GET("/v1/tasks/{id}", { params: { path: { id: item.taskId } } })));
    } catch (error) {
      toast(faultText(error), { bad: true });
      onChanged();
    }
  }

  return {
    give: (item) => void read(item, setGiven),
    release: (item) => void read(item, (task) => void bulk.change([task], { what: "release" })),
    dialog: (
      <>
        {bulk.dialog}
        {given && (
          <People
            tasks={[given]}
            onClose={() => setGiven(null)}
            onChosen={(to) => {
              setGiven(null);
              void bulk.change([given], { what: "assign", to });
            }}
          />
        )}
      </>
    ),
  };
}
