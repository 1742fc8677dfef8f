import { useRef, useState, type FormEvent } from "react";
import { api, ask, Problem } from "../api/client";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { useFaultText } from "../ui/state";
import { INCIDENT, type Job } from "./jobs";
import { Rows } from "./rows";
import { placed, read, type RowFault, type TypedRow } from "./typed";
import { useWords } from "./words";

type Props = { job: Job; name: string; onClose: () => void; onDone: () => void };

/** Go on without it: with the answer that the outside would have given, and a reason that stays. */
export function Skip({ job, name, onClose, onDone }: Props) {
  const t = useWords();
  const faultText = useFaultText();
  const [rows, setRows] = useState<TypedRow[]>([]);
  const [faults, setFaults] = useState(new Map<number, RowFault>());
  const [general, setGeneral] = useState("");
  const [unnamed, setUnnamed] = useState(false);
  const [busy, setBusy] = useState(false);
  const reason = useRef<HTMLTextAreaElement>(null);
  const outside = job.kind !== INCIDENT;

  async function submit(event: FormEvent) {
    event.preventDefault();
    const said = reason.current?.value.trim() ?? "";
    const { values, faults: wrong } = read(rows);
    setFaults(wrong);
    setGeneral("");
    setUnnamed(!said);
    if (!said) return reason.current?.focus();
    if (wrong.size > 0) return;
    setBusy(true);
    try {
      const body = { reason: said, ...(rows.length > 0 && { result: values }) };
      await ask(api.POST("/v1/jobs/{id}/skip", { params: { path: { id: job.id } }, body }));
      onDone();
      onClose();
    } catch (error) {
      const { faults: at, rest } = placed(error instanceof Problem ? error.errors : [], rows, "result");
      const detail = error instanceof Problem && error.status === 409 ? error.detail : "";
      setFaults(at);
      setGeneral(at.size > 0 ? rest.join("\n") : detail || [faultText(error), ...rest].join("\n"));
      setBusy(false);
    }
  }

  return (
    <Dialog open wide onClose={onClose} title={t.skipTitle}>
      <p className="given">
        <strong>{name}</strong>
      </p>
      <p>{outside ? t.skipWhat : t.skipIncident}</p>
      <form noValidate onSubmit={(event) => void submit(event)} className="stuck-form">
        <label className="stuck-reason">
          {t.reason}
          <textarea
            ref={reason}
            rows={3}
            maxLength={2000}
            required
            aria-invalid={unnamed || undefined}
            aria-describedby="stuck-reason-hint"
          />
        </label>
        <p id="stuck-reason-hint" className={unnamed ? "fault" : "quiet"}>
          {unnamed ? t.reasonNeeded : t.reasonHint}
        </p>
        {outside && <Rows label={t.result} rows={rows} faults={faults} onChange={setRows} add={t.addResult} />}
        <p role="alert" className="fault given">
          {general}
        </p>
        <Button kind="danger" type="submit" busy={busy}>
          {t.skipDone}
        </Button>
      </form>
    </Dialog>
  );
}
