import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { Shown } from "../ui/state";
import { moment, number } from "../words/words";
import { useMailHeaders, type Mail } from "./mails";
import { useWords } from "./words";

type Props = { mail: Mail; onAttach: () => void; onDiscard: () => void };

/** One mail as it came.  Whatever is in it is text and stays text. */
export function Letter({ mail, onAttach, onDiscard }: Props) {
  const t = useWords();
  const lang = useLang();
  return (
    <article className="card mail-letter" aria-labelledby="mail-subject">
      <h2 id="mail-subject" className="given" tabIndex={-1}>
        {mail.subject || t.noSubject}
      </h2>
      <p className="quiet">
        {t.from} <span className="given">{mail.from}</span>, {moment(lang, mail.receivedAt)}
      </p>
      {mail.taskId ? (
        <div className="row mail-do">
          <Button kind="first" hint="A" onClick={onAttach}>
            {t.attach}
          </Button>
          <Button hint="D" onClick={onDiscard}>
            {t.discard}
          </Button>
          <Link className="button plain" to="/tasks/$taskId" params={{ taskId: mail.taskId }} search={{}}>
            {t.openTask}
          </Link>
        </div>
      ) : (
        <p className="quiet">{t.noTask}</p>
      )}
      <p className="given mail-text">{mail.text || t.noText}</p>
      {mail.attachments.length > 0 && (
        <>
          <h3>{t.attachments}</h3>
          <ul className="mail-files">
            {mail.attachments.map((one, index) => (
              <li key={index}>
                <span className="given">{one.name}</span>{" "}
                <small className="quiet">
                  <span className="given">{one.mediaType}</span>,{" "}
                  {one.size < 1024 ? t.bytes(number(lang, one.size)) : t.kilobytes(number(lang, one.size / 1024))}
                </small>
              </li>
            ))}
          </ul>
        </>
      )}
      <Headers id={mail.id} />
    </article>
  );
}

function Headers({ id }: { id: string }) {
  const t = useWords();
  const [open, setOpen] = useState(false);
  const found = useMailHeaders(id, open);
  return (
    <details className="mail-headers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.headers}</summary>
      {open && (
        <Shown found={found}>
          {({ headers }) => (
            <dl>
              {headers.map(([name, value], index) => (
                <div key={index}>
                  <dt className="given">{name}</dt>
                  <dd className="given">{value}</dd>
                </div>
              ))}
            </dl>
          )}
        </Shown>
      )}
    </details>
  );
}
