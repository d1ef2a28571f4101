// A session with Usher: keeps the tokens, sends them, renews them once for all who wait, says when the session ended.
// For browsers, React Native (usherNative.js) and Node 18 or later. Needs no package.

const NAME = 'usher.session';
const ATTEMPTS = 4; // of one renewal, while the server cannot be reached or answers 503
const REFUSALS = ['session_ended', 'account_disabled', 'refresh_invalid']; // nothing else ends a session

// Nobody could be asked. The tokens are kept: try again later.
export class Unavailable extends Error {}

// Where the tokens are kept: under one key, so that they never come from two answers.
export const webStore = (storage = globalThis.localStorage) => ({
  read: async () => JSON.parse(storage.getItem(NAME)),
  write: async (tokens) => (tokens ? storage.setItem(NAME, JSON.stringify(tokens)) : storage.removeItem(NAME)),
});

export function createSession({
  baseUrl,
  apis = [], // further URLs below which session.fetch sends the access token
  store = webStore(),
  onSignedOut = () => {}, // called with the reason: "logout", "admin", "password_changed", "refresh_reuse", "idle", …
  fetch = (...args) => globalThis.fetch(...args),
  locks = globalThis.navigator?.locks, // one renewal for all tabs; without it, one for each tab
  channel = globalThis.BroadcastChannel && new BroadcastChannel(NAME), // tells the other tabs
  wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
}) {
  const listeners = new Set();
  let state = { status: 'loading', user: null, reason: null };
  let renewal = null;

  const show = (tokens, reason = null) => {
    state = tokens ? { status: 'in', user: tokens.user, reason: null } : { status: 'out', user: null, reason };
    for (const listener of [...listeners]) listener();
  };
  const keep = async (tokens, reason) => {
    await store.write(tokens);
    show(tokens, reason);
    channel?.postMessage({ reason });
    if (!tokens) onSignedOut(reason);
  };
  const heard = async ({ data }) => {
    const tokens = await store.read();
    const left = state.status === 'in' && !tokens;
    show(tokens, data.reason);
    if (left) onSignedOut(data.reason);
  };
  if (channel) channel.onmessage = heard;
  channel?.unref?.(); // Node would wait for it

  const alone = (work) => (locks ? locks.request(NAME, work) : work());
  const token = async () => (await store.read())?.accessToken ?? null;
  const mayHaveToken = (url) => [baseUrl, ...apis].some((api) => url.startsWith(api.replace(/\/*$/, '/')));
  const bodyOf = async (answer) => (await answer.clone().json().catch(() => null)) ?? {};
  const headers = { 'Content-Type': 'application/json' };
  const post = (path, body) => fetch(baseUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });

  // Tokens, or a refusal. A lost answer is asked for again with the same refresh token: the server allows that.
  async function askForTokens(refreshToken) {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await post('/auth/refresh', { refreshToken }).catch(() => null);
      const body = answer ? await bodyOf(answer) : {};
      if (body.accessToken || REFUSALS.includes(body.code)) return body;
      if (attempt === ATTEMPTS) throw new Unavailable(`no new tokens: ${answer ? answer.status : 'no answer'}`);
      await wait(Number(answer?.headers.get('Retry-After')) || attempt);
    }
  }

  async function renewNow(stale, problem) {
    const held = await store.read();
    if (!held || held.accessToken !== stale) return Boolean(held); // somebody else renewed them, or signed out
    const ended = problem.code === 'session_ended' || problem.code === 'account_disabled';
    const body = ended ? problem : await askForTokens(held.refreshToken);
    const now = await store.read();
    if (now?.refreshToken !== held.refreshToken) return Boolean(now); // signed in anew, or out, meanwhile
    await (body.accessToken ? keep(body) : keep(null, body.reason ?? body.code));
    return Boolean(body.accessToken);
  }

  // After a 401 to `stale`: whether the request is worth sending again. Throws Unavailable.
  function renew(stale, problem = {}) {
    renewal ??= alone(() => renewNow(stale, problem)).finally(() => (renewal = null));
    return renewal;
  }

  // As fetch, with the access token. A 401 is followed by one renewal and one repetition.
  async function send(input, init) {
    const request = new Request(input, init);
    const stale = mayHaveToken(request.url) ? await token() : null;
    if (!stale) return fetch(request);
    const once = (attempt, bearer) => (attempt.headers.set('Authorization', `Bearer ${bearer}`), fetch(attempt));
    const answer = await once(request.clone(), stale);
    if (answer.status !== 401 || !(await renew(stale, await bodyOf(answer)))) return answer;
    return once(request, await token());
  }

  // signIn('/auth/login', { email, password }) or signIn('/auth/verify-email', { email, otp }).
  // Returns { mfaRequired, mfaToken, methods } when the user has a second factor, and nobody is signed in yet: then
  // signIn('/auth/mfa/verify', { mfaToken, method, code }) is the second step.
  // Rejects with an error whose `problem` is the server's answer.
  const signIn = async (path, credentials) => take(await post(path, credentials));

  // Proves anew who is signed in, after a call was refused with step_up_required, by a method that its problem names.
  const stepUp = async (method, proof) =>
    take(await send(`${baseUrl}/auth/step-up`, { method: 'POST', headers, body: JSON.stringify({ method, proof }) }));

  async function take(answer) {
    const body = await bodyOf(answer);
    if (body.mfaRequired) return body;
    if (!body.accessToken) throw Object.assign(new Error(body.detail ?? 'no answer'), { problem: body });
    await alone(() => keep(body));
  }

  // Rejects when the server cannot be asked: the session still lives then, and the user should be told so.
  async function signOut() {
    const { status } = await send(`${baseUrl}/auth/logout`, { method: 'POST' });
    if (status !== 204 && status !== 401) throw new Unavailable(`not signed out: ${status}`);
    if (await token()) await keep(null, 'logout');
  }

  const load = async () => show(await store.read());
  const subscribe = (listener) => (listeners.add(listener), () => listeners.delete(listener));
  return { load, token, renew, fetch: send, signIn, stepUp, signOut, subscribe, state: () => state };
}
