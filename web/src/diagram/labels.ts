/** The texts of a drawing: whole words, inside their shapes. */
import TextRenderer from "bpmn-js/lib/draw/TextRenderer";
import type ElementRegistry from "diagram-js/lib/core/ElementRegistry";
import type EventBus from "diagram-js/lib/core/EventBus";
import type { Shape } from "diagram-js/lib/model/Types";
import type { TextLayoutConfig } from "diagram-js/lib/util/Text";

const SIZES = [13, 12];
export const SMALLEST_LETTERS = 12;
export const LETTERS = { defaultStyle: { fontSize: 13 }, externalStyle: { fontSize: SMALLEST_LETTERS } };

const [OUTSIDE, WIDEST] = [90, 150]; // of a label beside its shape
const PADDING = 7; // of a text in a task

type Measure = (text: string) => number;

/** As the library's own, but words stay whole, and a text that is larger than its shape is set smaller, or cut short. */
export class FittedText extends TextRenderer {
  static $inject = ["config.textRenderer"];

  constructor(config: ConstructorParameters<typeof TextRenderer>[0]) {
    super(config);
    const create = this.createText.bind(this);
    const bounds = this.getExternalLabelBounds.bind(this);
    const measured =
      (style: TextLayoutConfig["style"]): Measure =>
      (text) =>
        this.widthOf(text, style);

    this.getExternalLabelBounds = (given, text) => {
      const measure = measured({ ...this.getExternalStyle() });
      const width = Math.min(Math.max(given.width, OUTSIDE, Math.ceil(widest(text, measure))), WIDEST);
      const room = { ...given, x: given.x + (given.width - width) / 2, width };
      return bounds(room, wrapped(text, width, measure));
    };

    this.createText = (text, options = {}) => {
      const { box, style } = options;
      if (!box?.width || !box.height) return create(text, options);
      const set = (fontSize: number | string) => {
        const sized = { ...options, style: { ...style, fontSize } };
        const measure = measured(sized.style);
        const width = box.width - (options.padding === undefined ? 0 : 2 * PADDING);
        const lines = wrapped(text, width, measure);
        const fits = this.getDimensions(lines, sized).height <= box.height && widest(text, measure) <= width;
        return { sized, lines, fits, measure, width };
      };
      const outside = style?.["fontSize"]; // its bounds have grown to its text already
      if (outside !== undefined) return create(set(outside).lines, options);
      const found = SIZES.map(set).find((one) => one.fits) ?? set(SMALLEST_LETTERS);
      return create(this.cut(found.lines, found.sized, box.height), found.sized);
    };
  }

  /** Whether a label has the room that it needs where it is drawn; a little more than that does no harm. */
  asDrawn(text: string, box: { width: number; height: number }): boolean {
    const style = { ...this.getExternalStyle() };
    const lines = wrapped(text, box.width, (one) => this.widthOf(one, style));
    const needs = this.getDimensions(lines, { style, box: { width: 1e4, height: 30 } });
    return needs.width <= box.width + 2 && needs.height <= box.height + 4;
  }

  private widthOf(text: string, style: TextLayoutConfig["style"]): number {
    return this.getDimensions(text, { box: { width: 1e4, height: 30 }, ...(style && { style }) }).width;
  }

  private cut(lines: string, options: TextLayoutConfig, height: number): string {
    const all = lines.split("\n");
    let kept = all.length;
    const short = () => (kept === all.length ? lines : `${all.slice(0, kept).join("\n")}…`);
    while (kept > 1 && this.getDimensions(short(), options).height > height) kept -= 1;
    return short();
  }
}

const wordsOf = (text: string) => text.split(/\s+/).filter(Boolean);

const widest = (text: string, measure: Measure) => Math.max(0, ...wordsOf(text).map(measure));

/** The library guesses how much of a line fits, and breaks words: here lines are made of words. */
function wrapped(text: string, width: number, measure: Measure): string {
  const lines: string[] = [];
  for (const word of wordsOf(text).flatMap((one) => pieces(one, width, measure))) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && measure(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** A word that is wider than all its room has to be broken. */
function pieces(word: string, width: number, measure: Measure): string[] {
  const found: string[] = [];
  for (let rest = word; rest;) {
    let length = rest.length;
    while (length > 1 && measure(rest.slice(0, length)) > width) length -= 1;
    found.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return found;
}

/** Labels were drawn for the analyst's words: longer ones get their room, upwards where they stand over their shape. */
export function makeRoom(elements: ElementRegistry, by: FittedText, bus: EventBus): void {
  for (const one of elements.filter((element) => "labelTarget" in element && Boolean(element["labelTarget"]))) {
    const label = one as Shape;
    const target = label.labelTarget as Shape;
    const text = (label["businessObject"] as { name?: string }).name ?? "";
    if (by.asDrawn(text, label)) continue;
    const needed = by.getExternalLabelBounds(label, text);
    const over = label.y + label.height <= target.y + target.height / 2;
    const y = over ? label.y + Math.min(label.height - needed.height, 0) : label.y;
    const before = label.x + label.width <= target.x;
    const after = label.x >= target.x + target.width;
    const x = before ? label.x + label.width - needed.width : after ? label.x : needed.x;
    Object.assign(label, needed, { x, y });
    bus.fire("element.changed", { element: label });
  }
}

export const fittedText = { textRenderer: ["type", FittedText] };
