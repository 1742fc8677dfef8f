import { useId } from "react";
import { Button } from "../ui/button";
import { emptyRow, TYPES, type RowFault, type Type, type TypedRow } from "./typed";
import { useWords, type Words } from "./words";

type Props = {
  label: string;
  rows: TypedRow[];
  faults: Map<number, RowFault>;
  onChange: (rows: TypedRow[]) => void;
  /** What the button that adds a row says; without it none can be added. */
  add?: string;
  /** Names that are offered while one is typed. */
  known?: string[];
};

/** Values to edit, a row each: name, kind, value, and what is wrong with it. */
export function Rows({ label, rows, faults, onChange, add, known = [] }: Props) {
  const t = useWords();
  const id = useId();
  const put = (row: TypedRow) => onChange(rows.map((one) => (one.id === row.id ? row : one)));
  return (
    <fieldset className="stuck-rows">
      <legend>{label}</legend>
      {known.length > 0 && (
        <datalist id={id}>
          {known.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </datalist>
      )}
      {rows.map((row) => {
        const fault = faults.get(row.id);
        const told = `${id}-${row.id}`;
        return (
          <div key={row.id} className="stuck-row">
            {row.given ? (
              <span className="given stuck-name">{row.name}</span>
            ) : (
              <input
                aria-label={t.fieldName}
                placeholder={t.fieldName}
                list={id}
                value={row.name}
                ref={begin}
                aria-invalid={fault?.kind === "noName" || fault?.kind === "twice" || undefined}
                aria-describedby={told}
                onChange={({ target }) => put({ ...row, name: target.value })}
              />
            )}
            <select
              aria-label={`${t.fieldType}: ${row.name}`}
              value={row.type}
              onChange={({ target }) => put({ ...row, type: target.value as Type })}
            >
              {TYPES.map((type) => (
                <option key={type} value={type}>
                  {t[type]}
                </option>
              ))}
            </select>
            <ValueField row={row} invalid={fault !== undefined} told={told} onChange={put} />
            {!row.given && (
              <Button
                kind="plain"
                aria-label={t.remove(row.name)}
                onClick={() => onChange(rows.filter((one) => one.id !== row.id))}
              >
                ✕
              </Button>
            )}
            <p id={told} className="fault given" role={fault ? "alert" : undefined}>
              {fault && faultText(fault, t)}
            </p>
          </div>
        );
      })}
      {add && (
        <Button kind="plain" onClick={() => onChange([...rows, emptyRow()])}>
          + {add}
        </Button>
      )}
    </fieldset>
  );
}

/** A row that has just been added is begun with. */
function begin(field: HTMLInputElement | null): void {
  field?.focus();
}

type FieldProps = { row: TypedRow; invalid: boolean; told: string; onChange: (row: TypedRow) => void };

function ValueField({ row, invalid, told, onChange }: FieldProps) {
  const t = useWords();
  const shared = {
    "aria-label": `${t.fieldValue}: ${row.name}`,
    "aria-invalid": invalid || undefined,
    "aria-describedby": told,
  };
  const write = (text: string) => onChange({ ...row, text });
  if (row.type === "bool")
    return (
      <select {...shared} value={row.text === "true" ? "true" : "false"} onChange={({ target }) => write(target.value)}>
        <option value="true">{t.yes}</option>
        <option value="false">{t.no}</option>
      </select>
    );
  if (row.type === "number")
    return <input {...shared} inputMode="decimal" value={row.text} onChange={({ target }) => write(target.value)} />;
  return (
    <textarea
      {...shared}
      rows={Math.min(8, row.text.split("\n").length)}
      spellCheck={false}
      className={row.type === "json" ? "stuck-json" : undefined}
      value={row.text}
      onChange={({ target }) => write(target.value)}
    />
  );
}

function faultText(fault: RowFault, t: Words): string {
  if (fault.kind === "said") return fault.why;
  return fault.kind === "badJson" ? t.badJson(fault.why) : t[fault.kind];
}
