/** An analyst's form in the page: form-js in a box of its own, in the person's language, sent by Ctrl+Enter from anywhere in it. */
import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { FieldFault } from "../api/client";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { Loading } from "../ui/state";
import { words } from "../words/words";
import { useFieldFaultText } from "./faults";
import type { Island } from "./island";
import "./form.css";

export type Values = Record<string, unknown>;

type Props = {
  schema: object;
  /** What it begins with; what a person types is never replaced by a later value.  For a fresh one give another `key`. */
  values: Values;
  label: string;
  readOnly?: boolean;
  faults?: FieldFault[];
  /** What the form would submit now, as a person types. */
  onChange?: (values: Values) => void;
  /** Called only where the form itself finds no fault. */
  onSubmit?: (values: Values) => void;
  submitLabel?: string;
  busy?: boolean;
  /** The first field takes the focus as soon as it can be filled in. */
  focusFirst?: boolean;
};

const useWords = words(
  {
    broken: "Эту форму показать не удалось. Её поля и значения:",
    unloaded: "Форма не загрузилась: возможно, служба обновилась. Обновите страницу: набранное сохранено.",
    reload: "Обновить страницу",
    send: "Отправить",
  },
  {
    broken: "Бұл нысанды көрсету мүмкін болмады. Оның өрістері мен мәндері:",
    unloaded: "Нысан жүктелмеді: қызмет жаңарған болуы мүмкін. Бетті жаңартыңыз: терілгені сақталған.",
    reload: "Бетті жаңарту",
    send: "Жіберу",
  },
  {
    broken: "This form cannot be shown. Its fields and values:",
    unloaded: "The form did not load: the service may be new. Load the page again: what you typed is kept.",
    reload: "Load the page again",
    send: "Send",
  },
);

export function Form(props: Props) {
  const { schema, label, readOnly = false, faults, submitLabel, busy = false, onSubmit } = props;
  const t = useWords();
  const lang = useLang();
  const faultText = useFieldFaultText();
  const box = useRef<HTMLDivElement>(null);
  const island = useRef<Island | null>(null);
  const typed = useRef(props.values);
  const [state, setState] = useState<"loading" | "shown" | "broken" | "unloaded">("loading");
  const [elsewhere, setElsewhere] = useState<FieldFault[]>([]);
  const sends = Boolean(onSubmit) && !readOnly;

  const changed = useEffectEvent((values: Values) => {
    typed.current = { ...typed.current, ...values };
    props.onChange?.(values);
  });
  const submitted = useEffectEvent((values: Values) => {
    if (!busy) onSubmit?.(values);
  });
  const show = useEffectEvent((refused: FieldFault[]) => {
    setElsewhere(island.current?.show(refused.map((one) => ({ ...one, message: faultText(one) }))) ?? []);
  });
  const begin = useEffectEvent(() => {
    island.current?.readOnly(readOnly);
    if (!readOnly && props.focusFirst) island.current?.focusFirst();
  });
  const mounted = useEffectEvent((found: Island) => {
    island.current = found;
    found.readOnly(readOnly);
    setState("shown");
  });
  const asked = useEffectEvent(() => ({ values: typed.current, label, onChange: changed, onSubmit: submitted }));

  useEffect(() => {
    let over = false;
    const place = box.current!;
    import("./island")
      .then(async ({ mount }) => {
        if (over) return;
        const found = await mount(place, { schema, lang, ...asked() });
        if (over) found.destroy();
        else mounted(found);
      })
      .catch((error: unknown) => !over && setState(error instanceof TypeError ? "unloaded" : "broken"));
    return () => {
      over = true;
      island.current?.destroy();
      island.current = null;
      place.replaceChildren();
    };
  }, [schema, lang]);

  useEffect(() => {
    if (state === "shown") begin();
  }, [readOnly, state]);

  useEffect(() => {
    if (state === "shown" && faults) show(faults);
  }, [faults, state]);

  const submit = () => sends && !busy && island.current?.submit();
  useKeys([{ key: "ctrl+Enter", label: submitLabel ?? t.send, run: submit, when: sends }]);

  return (
    <div
      className="form"
      onKeyDownCapture={(event) => {
        // A field of form-js keeps Enter to itself, with Ctrl too.
        if (!sends || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        event.stopPropagation();
        submit();
      }}
    >
      {state === "loading" && <Loading />}
      {state === "unloaded" && (
        <div role="alert" className="fault-box">
          <p>{t.unloaded}</p>
          <Button onClick={() => location.reload()}>{t.reload}</Button>
        </div>
      )}
      {state === "broken" && (
        <div role="alert" className="fault-box">
          <p>{t.broken}</p>
          <pre className="given">{JSON.stringify(props.values, null, 2)}</pre>
        </div>
      )}
      <div ref={box} className="form-island" hidden={state !== "shown"} />
      {elsewhere.length > 0 && (
        <ul role="alert" className="fault-box">
          {elsewhere.map((one) => (
            <li key={one.field}>
              <strong className="given">{one.field}</strong> <span className="given">{one.message}</span>
            </li>
          ))}
        </ul>
      )}
      {sends && state === "shown" && (
        <p className="form-send">
          <Button kind="first" busy={busy} hint="Ctrl ⏎" onClick={submit}>
            {submitLabel ?? t.send}
          </Button>
        </p>
      )}
    </div>
  );
}
