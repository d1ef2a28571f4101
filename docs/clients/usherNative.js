// The session in React Native: tokens in the system's key store, renewed when the app comes to the foreground.
//
//   import * as SecureStore from 'expo-secure-store';
//   import { AppState } from 'react-native';
//   const session = createNativeSession({ baseUrl, secureStore: expoStore(SecureStore), appState: AppState });
import { createSession } from './usherFetch.js';

const NAME = 'usher.session';
const EARLY = 60; // seconds before the access token expires at which it is renewed

// expo-secure-store. Its values may be at most 2 KB: both tokens and the user fit.
export const expoStore = (secure) => ({
  get: () => secure.getItemAsync(NAME),
  set: (text) => secure.setItemAsync(NAME, text),
  remove: () => secure.deleteItemAsync(NAME),
});

// react-native-keychain.
export const keychainStore = (keychain) => ({
  get: async () => (await keychain.getGenericPassword({ service: NAME }))?.password ?? null,
  set: (text) => keychain.setGenericPassword('session', text, { service: NAME }),
  remove: () => keychain.resetGenericPassword({ service: NAME }),
});

// Key stores are slow, and an app is their only user: they are read once.
// A write that the system cuts off is harmless: the server answers the older refresh token again.
function cachedStore(secureStore) {
  let tokens;
  return {
    read: async () => {
      if (tokens === undefined) {
        const text = await secureStore.get();
        tokens ??= text ? JSON.parse(text) : null;
      }
      return tokens;
    },
    write: async (next) => {
      tokens = next;
      await (next ? secureStore.set(JSON.stringify(next)) : secureStore.remove());
    },
  };
}

const secondsLeft = (accessToken, now = Date.now()) => {
  const payload = accessToken.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
  return JSON.parse(globalThis.atob(payload)).exp - now / 1000;
};

export function createNativeSession({ secureStore, appState, ...options }) {
  const session = createSession({ ...options, store: cachedStore(secureStore), locks: null, channel: null });

  // The phone slept: renew now rather than in the middle of the user's first action.
  async function wake() {
    const token = await session.token();
    if (!token || secondsLeft(token) > EARLY) return;
    await session.renew(token).catch(() => {}); // unavailable: the next request tries again
  }
  const subscription = appState?.addEventListener('change', (next) => next === 'active' && wake());

  return { ...session, wake, close: () => subscription?.remove() };
}
