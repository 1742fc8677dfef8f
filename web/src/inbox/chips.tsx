import type { Query } from "../app/router";
import { Button } from "../ui/button";
import { useNames } from "../words/process";
import { useWords } from "./words";

/** The filters that the sidebar does not show as its own: each can be taken off. */
export function Chips({ filters, onChange }: { filters: Query; onChange: (change: Query) => void }) {
  const t = useWords();
  const names = useNames();
  const texts: Record<string, string | undefined> = {
    definitionKey: filters.definitionKey && `${t.filtered.process}: ${names.process(filters.definitionKey)}`,
    elementId:
      filters.elementId && `${t.filtered.element}: ${names.element(filters.definitionKey ?? "", filters.elementId)}`,
    assignee: filters.assignee && `${t.filtered.assignee}: ${filters.assignee}`,
    businessKey: filters.businessKey && `${t.filtered.businessKey}: ${filters.businessKey}`,
    state: filters.state && `${t.filtered.state}: ${filters.state}`,
  };
  const shown = Object.entries(texts).filter(([, text]) => text);
  return (
    <div className="row">
      {shown.map(([name, text]) => (
        <Button key={name} onClick={() => onChange({ [name]: "" })}>
          <span className="given">{text}</span> <span aria-hidden="true">✕</span>
        </Button>
      ))}
      {shown.length > 1 && (
        <Button kind="plain" onClick={() => onChange(Object.fromEntries(shown.map(([name]) => [name, ""])))}>
          {t.clear}
        </Button>
      )}
    </div>
  );
}
