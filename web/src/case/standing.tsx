/** Where the case stands, in words: the same as on the diagram, for keyboards and readers, and whom to ask. */
import { Link } from "@tanstack/react-router";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { Due } from "../ui/due";
import { useNames } from "../words/process";
import { moment } from "../words/words";
import type { Token } from "./data";
import { hasDeadline, isStuck, isWatch, type Stood } from "./marks";
import { useStandingWords } from "./standing-words";

type Props = {
  tokens: Token[];
  /** The case at an earlier moment: only where it stood is known. */
  then: Stood[] | undefined;
  process: string;
  selected: string | undefined;
  onSelect: (process: string, id: string) => void;
  /** What an element calls, if it has been begun. */
  calls: (process: string, id: string) => string | undefined;
  onOpen: (process: string) => void;
  nameOf: (process: string, id: string) => string;
};

export function Standing(props: Props) {
  const { tokens, then, process } = props;
  const t = useStandingWords();
  const names = useNames();
  const places: (Token | Stood)[] = then ?? tokens.filter((one) => !isWatch(one));
  const watches = then ? [] : tokens.filter(isWatch);
  const sorted = [...places].sort((one, other) => rank(one) - rank(other));
  const list = (these: (Token | Stood)[]) => (
    <ul className="cs-standing">
      {these.map((one, index) => (
        <li key={`${one.definitionKey} ${one.elementId} ${index}`}>
          <Row {...props} token={one} />
          {one.definitionKey !== process && (
            <span className="quiet given cs-in">{names.process(one.definitionKey)}</span>
          )}
        </li>
      ))}
    </ul>
  );
  return (
    <section className="cs-places" aria-label={t.title}>
      <h2>{then ? t.stood : t.title}</h2>
      {sorted.length ? list(sorted) : <p className="quiet">{t.nowhere}</p>}
      {watches.length > 0 && (
        <details open={watches.some((one) => one.dueAt)}>
          <summary>{t.watches}</summary>
          {list(watches)}
        </details>
      )}
    </section>
  );
}

/** What somebody must do something about comes first; what only goes on inside of it last. */
function rank(one: Token | Stood): number {
  if (!("kind" in one)) return 0;
  return isStuck(one) ? 0 : one.kind === "task" ? 1 : one.kind === "inside" ? 3 : 2;
}

function Row({ token, selected, process, onSelect, calls, onOpen, nameOf }: Props & { token: Token | Stood }) {
  const t = useStandingWords();
  const names = useNames();
  const lang = useLang();
  const called = calls(token.definitionKey, token.elementId);
  const now = "kind" in token ? token : undefined;
  return (
    <>
      <Button
        kind="plain"
        className="cs-place"
        aria-pressed={token.elementId === selected && token.definitionKey === process}
        onClick={() => onSelect(token.definitionKey, token.elementId)}
      >
        <span className="given">{nameOf(token.definitionKey, token.elementId)}</span>
      </Button>
      {now && <What token={now} />}
      {token.since && (
        <span className="quiet">
          {t.since} {moment(lang, token.since)}
        </span>
      )}
      {now?.dueAt && hasDeadline(now) && <Due at={now.dueAt} />}
      {now?.taskId && (
        <Link to="/tasks/$taskId" params={{ taskId: now.taskId }}>
          {t.openTask}
        </Link>
      )}
      {called && (
        <Button kind="plain" onClick={() => onOpen(called)}>
          {t.look} <span className="given">{names.process(called)}</span>
        </Button>
      )}
    </>
  );
}

function What({ token }: { token: Token }) {
  const t = useStandingWords();
  const lang = useLang();
  if (isStuck(token))
    return (
      <span className="cs-bad">
        {t.stuck}: <span className="given">{token.error}</span> <Link to="/stuck">{t.toStuck}</Link>
      </span>
    );
  const who = token.assignee ?? token.groups?.join(", ") ?? "";
  const again = token.error && token.dueAt ? t.again(moment(lang, token.dueAt)) : "";
  return (
    <span className="quiet">
      {t[token.kind]}
      {who && (
        <>
          : <span className="given">{who}</span>
        </>
      )}
      {token.kind === "message" && token.name && (
        <>
          {" "}
          <span className="given">{token.name}</span>
        </>
      )}
      {token.kind === "job" && token.topic && (
        <>
          {" "}
          <span className="given">{token.topic}</span>
        </>
      )}
      {token.error && (
        <>
          {" · "}
          <span className="given">{token.error}</span> {again}
        </>
      )}
    </span>
  );
}
