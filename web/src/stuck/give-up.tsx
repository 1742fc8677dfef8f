import { useState } from "react";
import { api, ask } from "../api/client";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Fault } from "../ui/state";
import type { Job } from "./jobs";
import { useWords } from "./words";

type Props = { job: Job; name: string; onClose: () => void; onDone: () => void };

export function GiveUp({ job, name, onClose, onDone }: Props) {
  const t = useWords();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>(null);

  async function giveUp() {
    setBusy(true);
    try {
      await ask(api.POST("/v1/jobs/{id}/cancel", { params: { path: { id: job.id } } }));
      onDone();
      onClose();
    } catch (error) {
      setFault(error);
      setBusy(false);
    }
  }

  return (
    <Dialog open onClose={onClose} title={t.giveUpTitle}>
      <p className="given">
        <strong>{name}</strong>
      </p>
      <p>{t.giveUpWhat}</p>
      {fault !== null && <Fault error={fault} />}
      <Button kind="danger" busy={busy} onClick={() => void giveUp()}>
        {t.giveUpDone}
      </Button>
    </Dialog>
  );
}
