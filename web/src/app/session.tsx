/** Who works here.  A session that ends while a page is open is renewed in place: what was typed stays. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { api, ask, carryCsrf, onSignedOut, Problem, type Session } from "../api/client";
import { keepTime } from "./clock";
import { SignIn } from "./sign-in";

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("only inside <SignedIn>");
  return session;
}

export function useMay(): (permission: string) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
}

export function take(session: Session): Session {
  carryCsrf(session.csrfToken);
  keepTime(session.now);
  return session;
}

export function SignedIn({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [over, setOver] = useState(false);
  const found = useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      try {
        return take(await ask(api.GET("/v1/session")));
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
    refetchInterval: 300_000,
  });
  useEffect(() => onSignedOut(() => setOver(true)), []);

  function signedIn(session: Session) {
    const another = found.data && found.data.name !== session.name;
    client.setQueryData(["session"], take(session));
    setOver(false);
    // Another person must not see what the one before has looked at.
    if (another) client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    else void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  }

  if (found.isPending) return null;
  if (!found.data) return <SignIn onDone={signedIn} />;
  return (
    <Context value={found.data}>
      {children}
      {over && <SignIn onDone={signedIn} again={found.data.name} />}
    </Context>
  );
}
