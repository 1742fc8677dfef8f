/** A table whose columns sort it; the order is said to screen readers as well as shown. */
import { useState, type ReactNode } from "react";
import "./table.css";

export type Column<Row> = {
  key: string;
  name: string;
  /** What it is sorted by; null goes last either way. */
  value: (row: Row) => string | number | null;
  show?: (row: Row) => ReactNode;
  number?: boolean;
};
type Order = { key: string; down: boolean };
type Props<Row> = {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  start: Order;
  /** The row that stands out. */
  selected?: string | undefined;
};

export function SortedTable<Row>({ label, rows, columns, rowKey, start, selected }: Props<Row>) {
  const [order, setOrder] = useState(start);
  const by = columns.find((one) => one.key === order.key) ?? columns[0]!;
  const sorted = rows.toSorted((a, b) => compare(by.value(a), by.value(b), order.down));
  return (
    <div className="table-box">
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => {
              const active = column.key === by.key;
              return (
                <th
                  key={column.key}
                  scope="col"
                  className={column.number ? "number" : undefined}
                  aria-sort={active ? (order.down ? "descending" : "ascending") : undefined}
                >
                  <button
                    type="button"
                    onClick={() => setOrder({ key: column.key, down: active ? !order.down : column.number === true })}
                  >
                    {column.name}
                    <span aria-hidden="true">{active ? (order.down ? " ▼" : " ▲") : ""}</span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={rowKey(row)} className={rowKey(row) === selected ? "picked" : undefined}>
              {columns.map((column, index) => {
                const shown = column.show ? column.show(row) : (column.value(row) ?? "–");
                const name = column.number ? "number" : undefined;
                return index === 0 ? (
                  <th key={column.key} scope="row" className={name}>
                    {shown}
                  </th>
                ) : (
                  <td key={column.key} className={name}>
                    {shown}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function compare(a: string | number | null, b: string | number | null, down: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const found = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  return down ? -found : found;
}
