/** The texts of a drawing in the person's language. */
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g; // direction marks: a label is one line after the other
const LONGEST = 100; // letters; what is longer is somebody's joke, and would cover the drawing

/** The same diagram with these names, by element id.  The drawing itself is not touched. */
export function renamed(xml: string, names: ReadonlyMap<string, string | null>): string {
  const page = new DOMParser().parseFromString(xml, "application/xml");
  if (page.getElementsByTagName("parsererror").length > 0) return xml; // the viewer says what is wrong with it
  for (const element of page.querySelectorAll("[id][name]")) {
    const drawn = element.getAttribute("name") ?? "";
    const name = (names.get(element.getAttribute("id") ?? "") ?? drawn).replace(TURNS, "");
    element.setAttribute("name", name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name);
  }
  return new XMLSerializer().serializeToString(page);
}

/** The ids of all that has a name in a diagram. */
export function namedIds(xml: string): string[] {
  const page = new DOMParser().parseFromString(xml, "application/xml");
  return [...page.querySelectorAll("[id][name]")].map((one) => one.getAttribute("id") ?? "");
}
