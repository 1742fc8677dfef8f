/** The texts of a drawing in the person's language. */
const LONGEST = 160; // letters; what is longer is somebody's joke, and would cover the drawing

/** The same diagram with these names, by element id.  The drawing itself is not touched. */
export function renamed(xml: string, names: ReadonlyMap<string, string | null>): string {
  const page = new DOMParser().parseFromString(xml, "application/xml");
  if (page.getElementsByTagName("parsererror").length > 0) return xml; // the viewer says what is wrong with it
  for (const element of page.querySelectorAll("[id][name]")) {
    const name = names.get(element.getAttribute("id") ?? "") ?? element.getAttribute("name") ?? "";
    element.setAttribute("name", name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name);
  }
  return new XMLSerializer().serializeToString(page);
}

/** The ids of all that has a name in a diagram. */
export function namedIds(xml: string): string[] {
  const page = new DOMParser().parseFromString(xml, "application/xml");
  return [...page.querySelectorAll("[id][name]")].map((one) => one.getAttribute("id") ?? "");
}
