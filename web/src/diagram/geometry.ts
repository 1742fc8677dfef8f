/** Where things are on a drawing, and where something more may stand. */
import type { Connection, Element, Shape } from "diagram-js/lib/model/Types";

export type Box = { x: number; y: number; width: number; height: number };
export const AIR = 34; // around the drawing: for what stands above the first row

export function around(elements: Element[]): Box {
  const boxes = elements.flatMap((one): Box[] => {
    const points = (one as Connection).waypoints;
    return points ? points.map((point) => ({ ...point, width: 0, height: 0 })) : [one as Shape as Box];
  });
  const [x, y] = [Math.min(...boxes.map((one) => one.x)), Math.min(...boxes.map((one) => one.y))];
  const right = Math.max(...boxes.map((one) => one.x + one.width));
  const bottom = Math.max(...boxes.map((one) => one.y + one.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** One axis: the middle of what matters in the middle, but no emptier margin than there must be. */
export function along(at: "x" | "y", size: "width" | "height", inner: Box, middle: Box, seen: number): Partial<Box> {
  const [from, until] = [inner[at] - AIR, inner[at] + inner[size] + AIR];
  if (until - from <= seen) return { [at]: (from + until - seen) / 2, [size]: seen };
  const wished = middle[at] + middle[size] / 2 - seen / 2;
  return { [at]: Math.min(Math.max(wished, from), until - seen), [size]: seen };
}

const SMALL = 60; // events and gateways, whose labels stand outside

type Placed = { side: string; position: { top: number; left: number } };

/** Over a shape's upper edge; below it and its label, where an event hangs from a task or something is in the way above. */
export function beside(element: Shape): Placed {
  const label = element.width < SMALL ? element.labels?.[0] : undefined;
  const lower = element.host && middleOf(element) > middleOf(element.host);
  const frame = isFrame(element);
  const above = label ? label.y < element.y : element.attachers.some((one) => one.y < element.y);
  const taken = above && !element.host && !frame;
  const left = frame ? 0 : element.width / 2;
  if (lower || taken) {
    const bottom = label ? label.y + label.height - element.y : 0;
    return { side: frame ? "below" : "below middle", position: { top: Math.max(bottom, element.height) + 2, left } };
  }
  if (frame || !element.host || !label) return { side: frame ? "above" : "above middle", position: { top: -3, left } };
  // At the upper edge of a task a label stands on one side of its event, and there is room on the other.
  const labelFirst = label.x + label.width / 2 < element.x + element.width / 2;
  return { side: labelFirst ? "above" : "above left", position: { top: -3, left: labelFirst ? 0 : element.width } };
}

/** An open sub-process, which is coloured at its edge only: what is in it must stay readable. */
export const isFrame = (element: Shape) =>
  element["type"] !== "label" && Boolean(element.parent) && (element.children?.length ?? 0) > 0;

const middleOf = (element: Shape) => element.y + element.height / 2;

export function corner(element: Shape): Placed {
  const label = element.width < SMALL ? element.labels?.[0] : undefined;
  const top = label && label.y < element.y ? element.height : 0;
  return { side: "corner", position: { top, left: element.width } };
}

/** Work with a sign of its own at its lower edge, e.g. that it calls a process: its name must leave that room. */
export const isSigned = (element: Shape) => {
  const { type, businessObject } = element as Shape & { businessObject?: { loopCharacteristics?: unknown } };
  if (type === "label" || isFrame(element)) return false;
  return /CallActivity|SubProcess|Transaction/.test(String(type)) || Boolean(businessObject?.loopCharacteristics);
};
