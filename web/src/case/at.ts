/** The moment that is shown.  It is in the address, so that it can be sent; there it comes once the slider rests. */
import { useEffect, useState } from "react";
import { useAddress } from "../app/address";

const REST = 400; // milliseconds

export function useAt(): [string | undefined, (at: string | undefined) => void] {
  const [address, change] = useAddress();
  const written = address["at"] || undefined;
  const [at, setAt] = useState(written);
  const [seen, setSeen] = useState(written);
  if (written !== seen) {
    setSeen(written); // somebody followed a link, or went back
    setAt(written);
  }
  useEffect(() => {
    if (at === written) return;
    const timer = window.setTimeout(() => change({ at: at ?? "" }), REST);
    return () => window.clearTimeout(timer);
  });
  return [at, setAt];
}
