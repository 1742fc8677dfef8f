/**
 * The bpmn-js island: a plain module that draws one diagram into a box and knows nothing of React.  It comes in a chunk of
 * its own, when the first diagram is opened.
 */
import "bpmn-js/dist/assets/diagram-js.css";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import type Canvas from "diagram-js/lib/core/Canvas";
import type ElementRegistry from "diagram-js/lib/core/ElementRegistry";
import type EventBus from "diagram-js/lib/core/EventBus";
import type Overlays from "diagram-js/lib/features/overlays/Overlays";
import type { Connection, Element, Shape } from "diagram-js/lib/model/Types";
import { type FittedText, fittedText, LETTERS, makeRoom, SMALLEST_LETTERS } from "./labels";
import { AIR, along, around, beside, corner, isFrame, isSigned, type Box } from "./geometry";

type Services = {
  canvas: Canvas;
  elementRegistry: ElementRegistry;
  eventBus: EventBus;
  overlays: Overlays;
  textRenderer: FittedText;
};
export type Told = {
  select: (elementId: string) => void;
  open: (elementId: string) => void;
  /** The boxes over the drawing, by element. */
  placed: (places: Map<string, HTMLElement>) => void;
};

/** Smaller, the smallest letters would be under eleven pixels, which nobody reads. */
const READABLE = 11 / SMALLEST_LETTERS;
const [SMALLEST, LARGEST] = [0.2, 4];
const ROOMY = 1.25;
const WIDTH = 176; // of what is written beside a shape

export class View {
  private places = new Map<string, { overlay: string; box: HTMLElement; where: string }>();
  private dressed = new Map<string, Set<string>>();
  private moved = false;
  private focus: string[] = [];
  private readonly watcher: ResizeObserver;

  constructor(
    private readonly viewer: NavigatedViewer<Services>,
    private readonly box: HTMLElement,
    private readonly told: Told,
  ) {
    const bus = viewer.get("eventBus");
    bus.on("element.click", ({ element }: { element: Element }) => this.tell(element, told.select));
    bus.on("element.dblclick", ({ element }: { element: Element }) => this.tell(element, told.open));
    viewer.get("elementRegistry").forEach((element, gfx) => {
      gfx.classList.toggle("dg-frame", isFrame(element as Shape));
      gfx.classList.toggle("dg-signed", isSigned(element as Shape));
    });
    box.addEventListener("wheel", () => (this.moved = true), { passive: true });
    box.addEventListener("pointerdown", (event) => this.drag(event));
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(box);
  }

  private get canvas(): Canvas {
    return this.viewer.get("canvas");
  }

  private find(id: string): Element | undefined {
    return this.viewer.get("elementRegistry").get(id) as Element | undefined;
  }

  private tell(element: Element, told: (id: string) => void): void {
    const meant = (element as Shape).labelTarget ?? element;
    if (meant.parent && meant.id) told(meant.id);
  }

  /** What a reader of the drawing sees it called. */
  name(id: string): string | undefined {
    return (this.find(id)?.businessObject as { name?: string } | undefined)?.name;
  }

  has(id: string): boolean {
    return this.find(id) !== undefined;
  }

  /** Gives each element just these marker classes. */
  dress(wanted: Map<string, Set<string>>): void {
    for (const [id, classes] of this.dressed)
      for (const one of classes) if (!wanted.get(id)?.has(one) && this.find(id)) this.canvas.removeMarker(id, one);
    for (const [id, classes] of wanted)
      for (const one of classes) if (!this.dressed.get(id)?.has(one) && this.find(id)) this.canvas.addMarker(id, one);
    this.dressed = wanted;
  }

  /** The flows that a token must have come by: the only way out of an element that was passed. */
  waysOut(passed: Iterable<string>): string[] {
    return [...passed].flatMap((id) => {
      const out = (this.find(id)?.outgoing ?? []).filter((one: Connection) => one["type"] === "bpmn:SequenceFlow");
      return out.length === 1 ? [(out[0] as Connection).id] : [];
    });
  }

  /** 0..1 by element; the style sheet makes a colour of it. */
  heat(heat: Record<string, number>): void {
    this.viewer.get("elementRegistry").forEach((element, gfx) => {
      const share = heat[element.id];
      if (share === undefined) gfx.style.removeProperty("--heat");
      else gfx.style.setProperty("--heat", `${Math.round(share * 100)}%`);
      gfx.classList.toggle("dg-hot", share !== undefined);
    });
  }

  /** Boxes over the drawing, one an element, each where it covers neither shape nor label; others are taken away. */
  place(ids: string[], where: (id: string) => "beside" | "corner"): void {
    const overlays = this.viewer.get("overlays");
    for (const [id, place] of this.places)
      if (!ids.includes(id) || where(id) !== place.where) {
        overlays.remove(place.overlay);
        this.places.delete(id);
      }
    for (const id of ids) {
      const element = this.find(id) as Shape | undefined;
      if (!element || this.places.has(id) || element.waypoints) continue;
      const box = document.createElement("div");
      const { side, position } = where(id) === "corner" ? corner(element) : beside(element);
      box.className = `dg-place ${side}`;
      box.style.maxWidth = `${WIDTH}px`;
      const overlay = overlays.add(id, { position, html: box, scale: { min: 1, max: ROOMY } });
      this.places.set(id, { overlay, box, where: where(id) });
    }
    this.told.placed(new Map([...this.places].map(([id, place]) => [id, place.box])));
  }

  /** As large as fits, never too small to read; where it does not all fit, around the elements that matter. */
  settle(focus: string[] = this.focus): void {
    this.focus = focus;
    this.moved = false;
    const { inner, outer } = this.canvas.viewbox();
    this.look(Math.max(Math.min(outer.width / (inner.width + 2 * AIR), ROOMY), READABLE), focus);
  }

  /** The whole drawing, whatever its letters' size. */
  whole(): void {
    this.moved = true;
    const { inner, outer } = this.canvas.viewbox();
    this.look(Math.min(outer.width / (inner.width + 2 * AIR), outer.height / (inner.height + 2 * AIR), 1), []);
  }

  zoom(factor: number): void {
    this.moved = true;
    const { outer, scale } = this.canvas.viewbox();
    const middle = { x: outer.width / 2, y: outer.height / 2 };
    this.canvas.zoom(Math.min(Math.max(scale * factor, SMALLEST), LARGEST), middle);
  }

  /** Brings an element into sight, and leaves everything where it is when it is there already. */
  show(id: string): void {
    const element = this.find(id);
    if (!element) return;
    const seen = this.canvas.viewbox();
    const at = around([element]);
    if (
      at.x > seen.x &&
      at.y > seen.y &&
      at.x + at.width < seen.x + seen.width &&
      at.y + at.height < seen.y + seen.height
    )
      return;
    this.moved = true;
    this.canvas.viewbox({
      x: at.x + at.width / 2 - seen.width / 2,
      y: at.y + at.height / 2 - seen.height / 2,
      width: seen.width,
      height: seen.height,
    });
  }

  label(text: string): void {
    const svg = this.box.querySelector("svg[data-element-id], .djs-container > svg");
    svg?.setAttribute("role", "img");
    svg?.setAttribute("aria-label", text);
  }

  drop(): void {
    this.watcher.disconnect();
    this.viewer.destroy();
  }

  private look(scale: number, focus: string[]): void {
    const { inner, outer } = this.canvas.viewbox();
    if (!outer.width || !outer.height) return; // it is folded away
    const all = this.middle(focus);
    const fits = all && all.width < outer.width / scale && all.height < outer.height / scale;
    const middle = (fits ? all : this.middle(focus.slice(0, 1))) ?? inner;
    this.canvas.viewbox({
      ...along("x", "width", inner, middle, outer.width / scale),
      ...along("y", "height", inner, middle, outer.height / scale),
    } as Box);
  }

  private middle(ids: string[]): Box | undefined {
    const found = ids.map((id) => this.find(id)).filter((one) => one !== undefined);
    return found.length ? around(found) : undefined;
  }

  private resized(): void {
    this.canvas.resized();
    if (!this.moved) this.settle();
  }

  /** A finger moves the drawing as a mouse does, of which the library knows only the latter. */
  private drag(event: PointerEvent): void {
    if (event.pointerType === "mouse") {
      this.moved = true;
      return;
    }
    let last = event;
    const move = (next: PointerEvent) => {
      if (next.pointerId !== last.pointerId) return;
      this.moved = true;
      this.canvas.scroll({ dx: next.clientX - last.clientX, dy: next.clientY - last.clientY });
      last = next;
    };
    const stop = new AbortController();
    for (const end of ["pointerup", "pointercancel"] as const)
      window.addEventListener(end, () => stop.abort(), { signal: stop.signal });
    window.addEventListener("pointermove", move, { signal: stop.signal });
  }
}

/** Draws; throws what the library says of a file that cannot be drawn. */
export async function draw(box: HTMLElement, xml: string, told: Told): Promise<View> {
  const viewer = new NavigatedViewer<Services>({
    container: box,
    additionalModules: [fittedText],
    textRenderer: LETTERS,
  });
  try {
    await viewer.importXML(xml);
    makeRoom(viewer.get("elementRegistry"), viewer.get("textRenderer"), viewer.get("eventBus"));
    return new View(viewer, box, told);
  } catch (error) {
    viewer.destroy();
    throw error;
  }
}
