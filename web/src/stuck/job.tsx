import { Link } from "@tanstack/react-router";
import { useNow } from "../app/clock";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { useNames } from "../words/process";
import { count, lasting, moment } from "../words/words";
import { INCIDENT, type Job } from "./jobs";
import { useWords } from "./words";

export type Doing = "retry" | "edit" | "skip" | "giveUp";
type Props = {
  job: Job;
  name: string;
  /** What became of the last thing that was done to it from here. */
  result: string | undefined;
  chosen: boolean;
  onChoose: (to: boolean) => void;
  /** Left out for who may only look. */
  onDo: ((doing: Doing) => void) | undefined;
};

export function StuckJob({ job, name, result, chosen, onChoose, onDo }: Props) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const now = useNow(60);
  return (
    <li className="card stuck-job" data-row={job.id}>
      {onDo && (
        <input
          data-first=""
          type="checkbox"
          aria-label={t.choose(name)}
          checked={chosen}
          onChange={({ target }) => onChoose(target.checked)}
        />
      )}
      <div className="grow">
        <h2 className="given">{name}</h2>
        <p className="quiet given">
          {job.definitionKey && `${names.process(job.definitionKey)} · `}
          {job.businessKey && `${job.businessKey} · `}
          {job.kind === INCIDENT ? t.incident : <code>{job.kind}</code>}
        </p>
        <p className="stuck-since">
          {t.since(moment(lang, job.runAt), lasting(lang, now - Date.parse(job.runAt)))} ·{" "}
          {count(lang, job.attempt, t.attempts)}
        </p>
        <ErrorText text={job.lastError ?? t.noError} />
        <div className="row">
          {onDo && (
            <>
              <Button kind="first" onClick={() => onDo("retry")}>
                {t.retry}
              </Button>
              <Button onClick={() => onDo("edit")}>{t.edit}</Button>
              <Button onClick={() => onDo("skip")}>{t.skip}</Button>
              <Button kind="danger" onClick={() => onDo("giveUp")}>
                {t.giveUp}
              </Button>
            </>
          )}
          {job.instanceId ? (
            <Link className="button plain" to="/cases/$caseId" params={{ caseId: job.instanceId }} search={{}}>
              {t.openCase}
            </Link>
          ) : (
            <span className="quiet">{t.noCase}</span>
          )}
          <span role="status" className="stuck-result given">
            {result}
          </span>
        </div>
      </div>
    </li>
  );
}

const LONG = 240;

/** What is longer than a few lines is opened by who wants to read it. */
function ErrorText({ text }: { text: string }) {
  if (text.length <= LONG) return <p className="stuck-error given">{text}</p>;
  return (
    <details className="stuck-error">
      <summary className="given">{text.slice(0, LONG)}…</summary>
      <p className="given">{text}</p>
    </details>
  );
}
