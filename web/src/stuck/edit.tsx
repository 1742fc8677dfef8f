import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, ask, Problem } from "../api/client";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Shown, useFaultText } from "../ui/state";
import { INCIDENT, type Job } from "./jobs";
import { Rows } from "./rows";
import { changed, placed, read, rowOf, type RowFault, type TypedRow, type Values } from "./typed";
import { useWords } from "./words";

type Props = { job: Job; name: string; onClose: () => void; onDone: () => void };

/** Edit what is sent outside, or the process's variables, and try again. */
export function EditAndRetry({ job, name, onClose, onDone }: Props) {
  const t = useWords();
  const found = useQuery({
    queryKey: ["jobs", job.id],
    queryFn: async () => {
      const whole = await ask(api.GET("/v1/jobs/{id}", { params: { path: { id: job.id } } }));
      const id = job.instanceId;
      const known = id ? (await ask(api.GET("/v1/instances/{id}", { params: { path: { id } } }))).variables : {};
      return { payload: whole.payload as Values, known };
    },
    staleTime: Infinity, // what a person edits must not change under them
    gcTime: 0,
  });
  return (
    <Dialog open wide onClose={onClose} title={t.editTitle}>
      <p className="given">
        <strong>{name}</strong>
      </p>
      <p className="stuck-error given">{job.lastError ?? t.noError}</p>
      <Shown found={found}>
        {({ payload, known }) => <Editor job={job} payload={payload} known={known} onClose={onClose} onDone={onDone} />}
      </Shown>
    </Dialog>
  );
}

type EditorProps = Omit<Props, "name"> & { payload: Values; known: Values };
const NONE = new Map<number, RowFault>();

function Editor({ job, payload, known, onClose, onDone }: EditorProps) {
  const t = useWords();
  const faultText = useFaultText();
  const [rows, setRows] = useState(() =>
    job.kind === INCIDENT ? [] : Object.entries(payload).map(([key, value]) => rowOf(key, value)),
  );
  const [more, setMore] = useState<TypedRow[]>([]);
  const [faults, setFaults] = useState(NONE);
  const [general, setGeneral] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const [ours, theirs] = [read(rows), read(more)];
    const wrong = new Map([...ours.faults, ...theirs.faults]);
    const body = { payload: changed(payload, ours.values), variables: theirs.values };
    setFaults(wrong);
    setGeneral([]);
    if (wrong.size > 0) return;
    if (Object.keys({ ...body.payload, ...body.variables }).length === 0) return setGeneral([t.nothing]);
    setBusy(true);
    try {
      await ask(
        api.POST("/v1/jobs/{id}/retry", {
          params: { path: { id: job.id } },
          body: {
            ...(Object.keys(body.payload).length > 0 && { payload: body.payload }),
            ...(Object.keys(body.variables).length > 0 && { variables: body.variables }),
          },
        }),
      );
      onDone();
      onClose();
    } catch (error) {
      const errors = error instanceof Problem ? error.errors : [];
      const [inOurs, inTheirs] = [placed(errors, rows, "payload"), placed(errors, more, "variables")];
      const at = new Map([...inOurs.faults, ...inTheirs.faults]);
      setFaults(at);
      setGeneral(at.size > 0 ? [] : [faultText(error), ...errors.map((one) => `${one.field}: ${one.message}`)]);
      setBusy(false);
    }
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="stuck-form">
      {rows.length > 0 ? (
        <Rows label={t.payload} rows={rows} faults={faults} onChange={setRows} />
      ) : (
        <p className="quiet">{t.payloadNone}</p>
      )}
      {job.instanceId && (
        <>
          <Rows
            label={t.variables}
            rows={more}
            faults={faults}
            onChange={(next) => setMore(next.map((row) => filled(row, more, known)))}
            add={t.addVariable}
            known={Object.keys(known).sort()}
          />
          <p className="quiet">{t.variablesWhy}</p>
        </>
      )}
      <div role="alert" className="fault given">
        {general.map((one) => (
          <p key={one}>{one}</p>
        ))}
      </div>
      <Button kind="first" type="submit" busy={busy}>
        {t.editDone}
      </Button>
    </form>
  );
}

/** A row that has just been given the name of a known variable begins with its value. */
function filled(row: TypedRow, before: TypedRow[], known: Values): TypedRow {
  const was = before.find((one) => one.id === row.id);
  if (was?.name === row.name || row.text || !Object.hasOwn(known, row.name)) return row;
  return { ...rowOf(row.name, known[row.name]), id: row.id, given: false };
}
