// The session in React: <SessionProvider session={session}> around the app, useSession() inside.
// Plain JavaScript, so that it runs without a compiler. Needs React 18 or later.
import { createContext, createElement, useContext, useEffect, useSyncExternalStore } from 'react';

const SessionContext = createContext(null);

export function SessionProvider({ session, children }) {
  useEffect(() => {
    session.load();
  }, [session]);
  return createElement(SessionContext.Provider, { value: session }, children);
}

// { status: 'loading' | 'in' | 'out', user, reason, fetch, signIn, signOut }
// `reason` says why somebody is out: absent before the first sign-in, then "logout", "admin", "idle", …
export function useSession() {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession() needs a <SessionProvider> above it');
  const state = useSyncExternalStore(session.subscribe, session.state, session.state);
  return { ...state, fetch: session.fetch, signIn: session.signIn, signOut: session.signOut };
}
