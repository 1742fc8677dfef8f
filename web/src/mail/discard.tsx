import { useState, type FormEvent } from "react";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import type { Mail } from "./mails";
import type { Decision } from "./sort";
import { useWords } from "./words";

type Props = {
  mail: Mail;
  busy: boolean;
  onClose: () => void;
  onDecide: (decision: Decision) => void;
  returnTo: () => HTMLElement | null;
};

export function Discard({ mail, busy, onClose, onDecide, returnTo }: Props) {
  const t = useWords();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);

  function decide(event: FormEvent) {
    event.preventDefault();
    setMissing(!reason.trim());
    if (reason.trim()) onDecide({ verdict: "discard", reason: reason.trim() });
  }

  return (
    <Dialog open onClose={onClose} returnTo={returnTo} title={t.discardTitle}>
      <p className="given quiet">
        {mail.from} · {mail.subject || t.noSubject}
      </p>
      <form className="mail-find" onSubmit={decide} noValidate>
        <label htmlFor="mail-reason">{t.reason}</label>
        <textarea
          id="mail-reason"
          rows={3}
          maxLength={2000}
          required
          value={reason}
          aria-invalid={missing || undefined}
          aria-describedby="mail-reason-fault"
          onChange={({ target }) => setReason(target.value)}
        />
        <p id="mail-reason-fault" role="alert" className="fault">
          {missing && !reason.trim() ? t.reasonNeeded : ""}
        </p>
        <Button kind="danger" type="submit" busy={busy}>
          {t.discardDone}
        </Button>
      </form>
    </Dialog>
  );
}
