/** The texts of a drawing, inside their shapes. */
import TextRenderer from "bpmn-js/lib/draw/TextRenderer";
import type { TextLayoutConfig } from "diagram-js/lib/util/Text";

const SIZES = [13, 12];
export const SMALLEST_LETTERS = 12;
export const LETTERS = { defaultStyle: { fontSize: 13 }, externalStyle: { fontSize: SMALLEST_LETTERS } };

/** As the library's own, but a text that is larger than its shape is set smaller, and at last cut short. */
class FittedText extends TextRenderer {
  static $inject = ["config.textRenderer"];

  constructor(config: ConstructorParameters<typeof TextRenderer>[0]) {
    super(config);
    const create = this.createText.bind(this);
    const heightOf = (text: string, options: TextLayoutConfig) => this.getDimensions(text, options).height;

    this.createText = (text: string, options: TextLayoutConfig = {}) => {
      const room = options.box?.height;
      const outside = options.style?.["fontSize"] !== undefined; // it has grown to its text already
      if (!room || outside) return create(text, options);
      let sized = options;
      for (const fontSize of SIZES) {
        sized = { ...options, style: { ...options.style, fontSize } };
        if (heightOf(text, sized) <= room && !splits(text, sized, this)) return create(text, sized);
      }
      if (heightOf(text, sized) <= room) return create(text, sized);
      let kept = text.length;
      while (kept > 1 && heightOf(`${text.slice(0, kept)}…`, sized) > room) kept -= 3;
      return create(`${text.slice(0, kept).trimEnd()}…`, sized);
    };
  }
}

/** Whether a word is wider than the box, so that it would be broken somewhere. */
function splits(text: string, options: TextLayoutConfig, by: TextRenderer): boolean {
  const words = text.split(/\s+/);
  const line = by.getDimensions("x", options).height;
  return words.some((word) => by.getDimensions(word, options).height > line);
}

export const fittedText = { textRenderer: ["type", FittedText] };
