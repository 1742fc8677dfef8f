/** What was put into a form, as a list to read: labels and chosen options as the form shows them. */
import type { Values } from "../forms/form";

type Component = {
  key?: string;
  path?: string;
  label?: string;
  type?: string;
  components?: Component[];
  values?: { value: unknown; label: string }[];
};
export type Answer = { key: string; label: string; text: string };

export function answers(schema: object | undefined, values: Values): Answer[] {
  const { components = [] } = (schema ?? {}) as Component;
  return listed(components, values, "");
}

function listed(components: Component[], values: Values, prefix: string): Answer[] {
  return components.flatMap((one) => {
    if (one.components) {
      const below = one.path ? at(values, one.path) : values;
      const rows = Array.isArray(below) ? below : [below ?? {}];
      return rows.flatMap((row, index) =>
        listed(one.components!, row as Values, `${prefix}${one.path ?? ""}${index}.`),
      );
    }
    if (!one.key) return [];
    const value = at(values, one.key);
    if (value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0))
      return [];
    const chosen = (Array.isArray(value) ? value : [value]).map(
      (item) => one.values?.find((option) => option.value === item)?.label ?? String(item),
    );
    return [{ key: prefix + one.key, label: one.label ?? one.key, text: chosen.join(", ") }];
  });
}

function at(values: Values, path: string): unknown {
  return path.split(".").reduce<unknown>((level, part) => (level as Values | null | undefined)?.[part], values);
}
