/** form-js itself, loaded when the first form is shown. */
import { Form } from "@bpmn-io/form-js-viewer";
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import flatpickr from "flatpickr";
import { Kazakh } from "flatpickr/dist/l10n/kz.js";
import { Russian } from "flatpickr/dist/l10n/ru.js";
import type { FieldFault } from "../api/client";
import type { Lang } from "../words/words";
import { hardCoded, translation } from "./dictionary";

export type Island = {
  submit: () => void;
  readOnly: (on: boolean) => void;
  /** Shows what the server refused at its fields; answers the faults that belong to none. */
  show: (faults: FieldFault[]) => FieldFault[];
  focusFirst: () => void;
  destroy: () => void;
};

type Values = Record<string, unknown>;
type Asked = {
  schema: object;
  values: Values;
  lang: Lang;
  label: string;
  onChange: (values: Values) => void;
  onSubmit: (values: Values) => void;
};
type Instance = { id: string; valuePath: (string | number)[]; indexes?: Record<string, number> };
type Instances = { getAllKeyed: () => Instance[] };

const CALENDARS = { ru: Russian, kk: Kazakh, en: flatpickr.l10ns.en };
const FIELD = "input:not([type=hidden]):not(:disabled), textarea:not(:disabled), button.fjs-button";

export async function mount(box: HTMLElement, asked: Asked): Promise<Island> {
  flatpickr.localize(CALENDARS[asked.lang]!);
  const options = {
    container: box,
    debounce: false, // what is typed is kept as it is typed
    properties: { readOnly: true, ariaLabel: asked.label },
    additionalModules: [{ translate: ["value", translation(asked.lang)] }],
  };
  const form = new Form(options);
  const stopWatching = hardCoded(box, asked.lang);
  await form.importSchema(dayOf24Hours(asked.schema), asked.values);

  let gone = false;
  let before = JSON.stringify(form._getState().data);
  form.on("changed", () => {
    const data = JSON.stringify(form._getState().data);
    if (data === before) return; // e.g. faults that are shown
    before = data;
    // Fields come and go as they are drawn; only then is it known what would be sent.
    requestAnimationFrame(() => !gone && asked.onChange(form._getSubmitData()));
  });
  form.on("submit", (told: { data: Values; errors: object }) => {
    if (Object.keys(told.errors).length > 0) focusFault();
    else asked.onSubmit(told.data);
  });

  function focusFault(): void {
    requestAnimationFrame(() => box.querySelector(".fjs-has-errors")?.querySelector<HTMLElement>(FIELD)?.focus());
  }

  return {
    submit: () => void form.submit(),
    readOnly: (on) => form.setProperty("readOnly", on),
    show(faults) {
      const instances = form.get<Instances>("formFieldInstanceRegistry").getAllKeyed();
      const errors: Record<string, unknown> = {};
      const left = faults.filter((fault) => {
        const at = instances.find((one) => written(one.valuePath) === fault.field);
        if (at) put(errors, [at.id, ...Object.values(at.indexes ?? {})], [fault.message]);
        return !at;
      });
      form._setState({ errors });
      if (left.length < faults.length) focusFault();
      return left;
    },
    focusFirst: () => requestAnimationFrame(() => box.querySelector<HTMLElement>(FIELD)?.focus()),
    destroy() {
      gone = true;
      stopWatching();
      form.destroy();
    },
  };
}

/** `["rows", 0, "name"]` as the service writes it: `rows[0].name`. */
function written(path: (string | number)[]): string {
  return path.map((part, at) => (typeof part === "number" ? `[${part}]` : at ? `.${part}` : part)).join("");
}

function put(errors: Record<string, unknown>, path: (string | number)[], messages: string[]): void {
  let level = errors;
  for (const part of path.slice(0, -1)) level = (level[part] ??= {}) as Record<string, unknown>;
  level[path.at(-1)!] = messages;
}

/** Its clock has twelve hours unless told otherwise; here days have twenty-four. */
function dayOf24Hours(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_, value: unknown) =>
    isMoment(value) ? { ...value, use24h: true } : value,
  ) as object;
}

function isMoment(value: unknown): value is object {
  return typeof value === "object" && value !== null && (value as { type?: unknown }).type === "datetime";
}
