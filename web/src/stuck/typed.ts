/** Values as a person types them, with their kind beside: an outside system takes "1" and 1 for different things. */

export const TYPES = ["text", "number", "bool", "json"] as const;
export type Type = (typeof TYPES)[number];
/** `given`: its name stands in the data already and is not typed. */
export type TypedRow = { id: number; name: string; type: Type; text: string; given: boolean };
export type RowFault =
  { kind: "badNumber" | "noName" | "twice" } | { kind: "badJson"; why: string } | { kind: "said"; why: string };
export type Values = Record<string, unknown>;

let last = 0;

export function emptyRow(): TypedRow {
  return { id: ++last, name: "", type: "text", text: "", given: false };
}

export function rowOf(name: string, value: unknown): TypedRow {
  const row = { id: ++last, name, given: true };
  if (typeof value === "string") return { ...row, type: "text", text: value };
  if (typeof value === "number") return { ...row, type: "number", text: String(value) };
  if (typeof value === "boolean") return { ...row, type: "bool", text: String(value) };
  return { ...row, type: "json", text: JSON.stringify(value, null, 2) };
}

/** What the rows say, and what is wrong with those that say nothing. */
export function read(rows: TypedRow[]): { values: Values; faults: Map<number, RowFault> } {
  const values: Values = {};
  const faults = new Map<number, RowFault>();
  for (const row of rows) {
    const name = row.name.trim();
    if (!name) faults.set(row.id, { kind: "noName" });
    else if (Object.hasOwn(values, name)) faults.set(row.id, { kind: "twice" });
    else {
      const found = value(row);
      if ("fault" in found) faults.set(row.id, found.fault);
      else values[name] = found.value;
    }
  }
  return { values, faults };
}

function value(row: TypedRow): { value: unknown } | { fault: RowFault } {
  const text = row.text.trim();
  if (row.type === "text") return { value: row.text };
  if (row.type === "bool") return { value: text === "true" };
  if (row.type === "number") {
    const found = Number(text.replace(",", "."));
    return text && Number.isFinite(found) ? { value: found } : { fault: { kind: "badNumber" } };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: { kind: "badJson", why: error instanceof Error ? error.message : "" } };
  }
}

/** The values that are not as they were: only those are sent, and only their names stand in the history. */
export function changed(before: Values, after: Values): Values {
  const other = Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]));
  return Object.fromEntries(other);
}

/** Faults that the service told, at the rows they are about; `rest` are about none. */
export function placed(
  errors: { field: string; message: string }[],
  rows: TypedRow[],
  prefix: string,
): { faults: Map<number, RowFault>; rest: string[] } {
  const faults = new Map<number, RowFault>();
  const rest: string[] = [];
  for (const { field, message } of errors) {
    const row = rows.find((one) => [one.name.trim(), `${prefix}.${one.name.trim()}`].includes(field));
    if (row) faults.set(row.id, { kind: "said", why: message });
    else rest.push(`${field}: ${message}`);
  }
  return { faults, rest };
}
