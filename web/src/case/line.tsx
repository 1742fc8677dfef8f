/** One line of the history in words, and why it was so. */
import { Link } from "@tanstack/react-router";
import type { HistoryLine } from "../api/client";
import { useLang } from "../app/person";
import { useNames } from "../words/process";
import { isActivity, type Element } from "./drawn";
import { useLineWords, type LineWords } from "./line-words";
import { Value } from "./value";
import { Decided, Taken } from "./why";

type Props = { line: HistoryLine; element: Element | undefined; nameOf: (process: string, id: string) => string };

export function Line({ line, element, nameOf }: Props) {
  const t = useLineWords();
  const names = useNames();
  const lang = useLang();
  const quoted = (text: string) => isolated(text, lang === "en" ? "“”" : "«»");
  const name = quoted(line.elementId ? nameOf(line.definitionKey ?? "", line.elementId) : "");
  const detail = line.detail;
  const bad = line.kind === "stuck" || line.kind === "incident" || (line.kind === "thrown" && "error" in detail);
  const called = element?.calls ? quoted(names.process(element.calls)) : name;
  return (
    <div className={bad ? "cs-line cs-bad" : "cs-line"}>
      <span aria-hidden="true" className="cs-sign">
        {sign(line, element)}
      </span>
      <div>
        <p>{told(t, line, element, element?.calls ? called : name, quoted)}</p>
        <More line={line} nameOf={nameOf} />
      </div>
    </div>
  );
}

/** A name among our own words, which it can neither turn around nor leave. */
function isolated(text: string, quotes: string): string {
  return `${quotes[0]}\u2068${text.replace(/[\u2066-\u2069]/g, "")}\u2069${quotes[1]}`;
}

function sign(line: HistoryLine, element: Element | undefined): string {
  if (line.kind === "stuck" || line.kind === "incident") return "✖";
  if (line.kind === "caught" && element?.event === "timer") return "◷";
  if (line.kind === "taken") return "◇";
  if (line.kind === "decided") return "▦";
  if (line.kind.startsWith("mail.") || line.kind === "caught" || line.kind === "thrown") return "✉";
  if (line.kind === "completed") return "✓";
  return line.kind === "entered" ? "▸" : "·";
}

function told(
  t: LineWords,
  line: HistoryLine,
  element: Element | undefined,
  name: string,
  quoted: (text: string) => string,
): string {
  const detail = line.detail;
  const of = (key: string) => quoted(String(detail[key] ?? ""));
  const task = element?.type === "userTask";
  switch (line.kind) {
    case "started":
      return t.started;
    case "entered":
      if (task) return t.taskOpened(name);
      if (element?.calls) return t.called(name);
      return element?.event || element?.type === "receiveTask" ? t.waits(name) : t.entered(name);
    case "completed":
      if (task) return t.taskDone(name);
      if (element?.calls) return t.returned(name);
      if (element?.type === "endEvent") return t.ended(name);
      return isActivity(element) ? t.completed(name) : t.passed(name);
    case "cancelled":
      if (!line.elementId) return t.caseCancelled;
      return task ? t.taskGone(name) : t.cancelled(name);
    case "caught":
      return (CAUGHT[element?.event ?? (detail["message"] ? "message" : "")]?.(t) ?? t.caught)(name);
    case "thrown":
      return "error" in detail ? t.thrownError(name, of("error")) : t.thrown(name);
    case "assigned":
      return t.assigned(name, of("assignee"));
    case "migrated":
      return t.migrated(String(detail["version"] ?? ""));
    case "job.retried":
      return t.jobRetried(of("job"));
    case "job.skipped":
      return t.jobSkipped(of("job"));
    case "job.cancelled":
      return t.jobCancelled(of("job"));
    case "attached":
      return t.attached(of("name"));
    case "mail.received":
      return t.mail(of("from"));
    case "mail.late":
      return t.mailLate(of("from"));
    case "mail.automatic":
      return t.mailAutomatic(of("from"));
    case "mail.bounced":
      return t.mailBounce(of("from"));
    case "changed":
    case "suspended":
    case "resumed":
    case "noted":
      return t[line.kind];
    case "arrived":
    case "taken":
    case "decided":
    case "incident":
    case "stuck":
    case "claimed":
    case "released":
    case "commented":
      return t[line.kind](name);
    default:
      return line.elementId ? `${line.kind}: ${name}` : line.kind; // of a later release
  }
}

const CAUGHT: Record<string, (t: LineWords) => (name: string) => string> = {
  timer: (t) => t.timer,
  message: (t) => t.message,
  signal: (t) => t.signal,
  error: (t) => t.error,
  escalation: (t) => t.escalation,
  conditional: (t) => t.condition,
};

/** What a person gave with a job, by its name in the history: names, never values. */
const GIVEN = ["payload", "variables", "result"] as const;

/** What else a line tells: values, reasons, where to look on. */
function More({ line, nameOf }: { line: HistoryLine; nameOf: Props["nameOf"] }) {
  const t = useLineWords();
  const detail = line.detail;
  if (line.kind === "taken") return <Taken detail={detail} process={line.definitionKey ?? ""} nameOf={nameOf} />;
  if (line.kind === "decided") return <Decided detail={detail} />;
  if (line.kind === "changed") return <Value of={detail["set"]} depth={1} />;
  const said = detail["reason"] ?? detail["message"] ?? detail["text"] ?? detail["subject"];
  const linked = detail["linkedInstanceId"];
  return (
    <>
      {typeof said === "string" && said && line.kind !== "caught" && (
        <p className="quiet">
          {"reason" in detail && `${t.reason}: `}
          <span className="given">{said}</span>
        </p>
      )}
      {GIVEN.filter((key) => Array.isArray(detail[key]) && detail[key].length > 0).map((key) => (
        <p key={key} className="quiet">
          {t[key]}: <span className="given">{(detail[key] as unknown[]).join(", ")}</span>
        </p>
      ))}
      {detail["values"] !== undefined && (
        <div className="quiet">
          {t.values}: <Value of={detail["values"]} />
        </div>
      )}
      {typeof linked === "string" && (
        <Link to="/cases/$caseId" params={{ caseId: linked }}>
          {t.other}
        </Link>
      )}
    </>
  );
}
