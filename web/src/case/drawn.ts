/** What the diagrams say of their elements, read from the file itself: their types, what they call, where flows lead. */

export type Element = {
  id: string;
  /** As in the file: `userTask`, `boundaryEvent`, `sequenceFlow` … */
  type: string;
  name: string;
  /** The process that a call activity calls. */
  calls?: string;
  /** Of an event: `timer`, `message`, `error` … */
  event?: string;
  /** What a service task asks of the outside. */
  topic?: string;
  /** Where a flow leads. */
  to?: string;
};
export type Drawn = ReadonlyMap<string, Element>;

const MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const EVENT = "EventDefinition";

export function drawn(xml: string): Drawn {
  const page = new DOMParser().parseFromString(xml, "application/xml");
  const found = new Map<string, Element>();
  for (const one of page.getElementsByTagNameNS(MODEL, "*")) {
    const id = one.getAttribute("id");
    if (id) found.set(id, read(one, id));
  }
  return found;
}

function read(one: globalThis.Element, id: string): Element {
  const event = [...one.children].find((inner) => inner.localName.endsWith(EVENT))?.localName.slice(0, -EVENT.length);
  const calls = one.getAttribute("calledElement");
  const topic = one.getAttribute("camunda:topic");
  const to = one.getAttribute("targetRef");
  return {
    id,
    type: one.localName,
    name: one.getAttribute("name") ?? "",
    ...(calls && { calls }),
    ...(event && { event }),
    ...(topic && { topic }),
    ...(to && { to }),
  };
}

/** Where work is done, in contrast to gateways and events that a token only passes. */
export function isActivity(element: Element | undefined): boolean {
  return element !== undefined && /Task$|^task$|callActivity|[sS]ubProcess|^transaction$/.test(element.type);
}
