import { Link } from "@tanstack/react-router";
import { subscriberOf } from "../inbox/subscriber";
import { Button } from "../ui/button";
import { Due } from "../ui/due";
import { useNames } from "../words/process";
import { itemKey, type Item } from "./board";
import { useWords } from "./words";

type Props = { items: Item[]; onGive: (item: Item) => void; onRelease: (item: Item) => void };

function useItemName(): (item: Item) => string {
  const names = useNames();
  return (item) =>
    item.elementId
      ? names.element(item.definitionKey, item.elementId, item.name ?? undefined)
      : names.process(item.definitionKey);
}

export function DeadlineList({ items, onGive, onRelease }: Props) {
  const t = useWords();
  const names = useNames();
  const named = useItemName();
  const about = (item: Item) => {
    const kind = item.kind === "task" ? names.process(item.definitionKey) : t.case;
    return [kind, item.businessKey, subscriberOf(item).name].filter(Boolean).join(" · ");
  };
  return (
    <table className="table deadlines-list" aria-label={t.list}>
      <thead>
        <tr>
          <th scope="col">{t.deadline}</th>
          <th scope="col">{t.what}</th>
          <th scope="col">{t.branch}</th>
          <th scope="col">{t.who}</th>
          <th scope="col">
            <span className="visually-hidden">{t.assign}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={itemKey(item)} data-row={itemKey(item)}>
            <td>
              <Due at={item.dueAt} />
            </td>
            <th scope="row">
              <ItemLink item={item} name={named(item)} />
              <small className="quiet given">{about(item)}</small>
            </th>
            <td data-name={t.branch} className="given">
              {item.branch ?? "–"}
            </td>
            <td data-name={t.who} className="given">
              {item.assignee ?? <span className="quiet">{item.groups.join(", ") || "–"}</span>}
            </td>
            <td className="deadlines-do">
              {item.kind === "task" && (
                <>
                  <Button onClick={() => onGive(item)}>{t.assign}</Button>
                  {item.assignee && (
                    <Button kind="plain" onClick={() => onRelease(item)}>
                      {t.release}
                    </Button>
                  )}
                  <Link className="button plain" to="/cases/$caseId" params={{ caseId: item.instanceId }} search={{}}>
                    {t.openCase}
                  </Link>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ItemLink({ item, name }: { item: Item; name: string }) {
  if (item.taskId)
    return (
      <Link data-first="" to="/tasks/$taskId" params={{ taskId: item.taskId }} search={{}}>
        {name}
      </Link>
    );
  return (
    <Link data-first="" to="/cases/$caseId" params={{ caseId: item.instanceId }} search={{}}>
      {name}
    </Link>
  );
}
