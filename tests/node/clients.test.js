// The clients of docs/clients against the real server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';
import axios from 'axios';
import { Locks, Proxy, Storage, Usher, client, password, until } from './support.js';

const { createSession, webStore, Unavailable } = await client('usherFetch.js');
const { attachSession } = await client('usherAxios.js');
const { createNativeSession, expoStore, keychainStore } = await client('usherNative.js');

const ttl = 10; // seconds; the shortest that the server allows
let usher, proxy, waits, number = 0;
const expired = []; // signed in while the server started, so that one wait is enough for all

before(async () => {
  usher = await new Usher({ 'tokens.access_ttl': `${ttl}s` }).start();
  proxy = await new Proxy(usher).start();
  for (let i = 0; i < 9; i += 1) expired.push(await usher.signUp(`expired${i}@example.org`));
  const newest = JSON.parse(atob(expired.at(-1).accessToken.split('.')[1])).exp * 1000;
  await new Promise((done) => setTimeout(done, newest - Date.now() + 50));
});
after(async () => {
  await proxy.stop();
  await usher.remove();
});
beforeEach(() => {
  proxy.faults = [];
  proxy.seen = [];
  waits = [];
});

// A browser tab: what it is told, and its session.
function tab({ storage = new Storage(), locks = null, channel = null, ...more } = {}) {
  const told = [];
  const session = createSession({
    baseUrl: proxy.url, store: webStore(storage), locks, channel,
    onSignedOut: (reason) => told.push(reason), wait: async (seconds) => void waits.push(seconds), ...more,
  });
  return { session, told, storage };
}

const holding = (tokens) => {
  const storage = new Storage();
  storage.setItem('usher.session', JSON.stringify(tokens));
  return storage;
};
const held = (storage) => JSON.parse(storage.getItem('usher.session'));

async function fresh() {
  const email = `fresh${(number += 1)}@example.org`;
  return { email, tokens: await usher.signUp(email) };
}

test('an expired token really is refused as token_expired', async () => {
  const { status, json } = await usher.call('GET', '/auth/me', { token: expired[0].accessToken });
  assert.deepEqual([status, json.code], [401, 'token_expired']);
});

test('fetch: 20 concurrent requests with an expired token renew once', async () => {
  const { session, storage, told } = tab({ storage: holding(expired[0]) });
  const answers = await Promise.all(Array.from({ length: 20 }, () => session.fetch(`${proxy.url}/auth/me`)));
  assert.deepEqual(answers.map((answer) => answer.status), Array(20).fill(200));
  assert.equal(proxy.count('/auth/refresh'), 1);
  assert.equal(proxy.count('/auth/me'), 40);
  assert.notEqual(held(storage).refreshToken, expired[0].refreshToken);
  assert.deepEqual(told, []);
});

test('axios: 20 concurrent requests with an expired token renew once', async () => {
  const { session } = tab({ storage: holding(expired[1]) });
  const api = attachSession(axios.create({ baseURL: proxy.url }), session);
  const answers = await Promise.all(Array.from({ length: 20 }, () => api.get('/auth/me')));
  assert.deepEqual(answers.map((answer) => answer.status), Array(20).fill(200));
  assert.equal(proxy.count('/auth/refresh'), 1);
});

test('two tabs with locks renew once between them', async () => {
  const storage = holding(expired[2]);
  const locks = new Locks();
  const tabs = [tab({ storage, locks }), tab({ storage, locks })];
  const answers = await Promise.all(tabs.flatMap(({ session }) => [1, 2, 3].map(() => session.fetch(`${proxy.url}/auth/me`))));
  assert.deepEqual(answers.map((answer) => answer.status), Array(6).fill(200));
  assert.equal(proxy.count('/auth/refresh'), 1);
});

test('two tabs without locks: the grace of the server keeps both signed in', async () => {
  const first = tab({ storage: holding(expired[3]) });
  const second = tab({ storage: holding(expired[3]) });
  const answers = await Promise.all([first, second].map(({ session }) => session.fetch(`${proxy.url}/auth/me`)));
  assert.deepEqual(answers.map((answer) => answer.status), [200, 200]);
  assert.equal(proxy.count('/auth/refresh'), 2);
  assert.equal(held(first.storage).refreshToken, held(second.storage).refreshToken);
});

test('the request with its body is repeated after a renewal', async () => {
  const { session } = tab({ storage: holding(expired[4]) });
  const answer = await session.fetch(`${proxy.url}/auth/me`, {
    method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: '{"firstName":"Augusta"}' });
  assert.equal((await answer.json()).user.firstName, 'Augusta');
});

test('axios repeats a body as well', async () => {
  const { session } = tab({ storage: holding(expired[5]) });
  const api = attachSession(axios.create({ baseURL: proxy.url }), session);
  const { data } = await api.patch('/auth/me', { firstName: 'Augusta' });
  assert.equal(data.user.firstName, 'Augusta');
});

test('a lost answer of a refresh signs nobody out', async () => {
  proxy.faults.push({ path: '/auth/refresh', kind: 'lose' });
  const { session, told } = tab({ storage: holding(expired[6]) });
  assert.equal((await session.fetch(`${proxy.url}/auth/me`)).status, 200);
  assert.equal(proxy.count('/auth/refresh'), 2);
  assert.deepEqual([told, session.state().status], [[], 'in']);
});

test('503 keeps the tokens, waits for Retry-After, and the next try works', async () => {
  const { session, storage, told } = tab({ storage: holding(expired[7]) });
  for (let i = 0; i < 4; i += 1) proxy.faults.push({ path: '/auth/refresh', kind: 'unavailable' });
  await assert.rejects(session.fetch(`${proxy.url}/auth/me`), Unavailable);
  assert.deepEqual(waits, [7, 7, 7]);
  assert.equal(held(storage).refreshToken, expired[7].refreshToken);
  assert.deepEqual(told, []);
  assert.equal((await session.fetch(`${proxy.url}/auth/me`)).status, 200);
});

test('a page that somebody put in between is not the word of the server', async () => {
  const { session, storage } = tab({ storage: holding(expired[8]) });
  for (let i = 0; i < 4; i += 1) proxy.faults.push({ path: '/auth/refresh', kind: 'page' });
  await assert.rejects(session.renew(expired[8].accessToken), Unavailable);
  assert.equal(held(storage).refreshToken, expired[8].refreshToken);
});

for (const [kind, request] of [
  ['fetch', (session) => session.fetch(`${proxy.url}/auth/me`).then((answer) => answer.status)],
  ['axios', (session) => attachSession(axios.create({ baseURL: proxy.url }), session).get('/auth/me').catch((error) => error.response.status)],
]) {
  test(`${kind}: a session ended elsewhere is told once, with the reason`, async () => {
    const { email, tokens } = await fresh();
    const other = (await usher.call('POST', '/auth/login', { body: { email, password } })).json;
    const { session, told, storage } = tab({ storage: holding(tokens) });
    await session.load();
    await usher.call('DELETE', '/auth/sessions?except=current', { token: other.accessToken });
    const statuses = await Promise.all([1, 2, 3].map(() => request(session)));
    assert.deepEqual(statuses, [401, 401, 401]);
    assert.deepEqual(told, ['logout_all']);
    assert.deepEqual(session.state(), { status: 'out', user: null, reason: 'logout_all' });
    assert.equal(held(storage), null);
    assert.equal(proxy.count('/auth/refresh'), 0);
  });
}

test('an old copy of a refresh token ends the session with refresh_reuse', async () => {
  const strict = await new Usher({ 'sessions.refresh_grace': '0s' }).start();
  try {
    const copy = await strict.signUp('ada@example.org');
    const refresh = async (refreshToken) => (await strict.call('POST', '/auth/refresh', { body: { refreshToken } })).json;
    await refresh((await refresh(copy.refreshToken)).refreshToken);
    const { session, told } = tab({ storage: holding(copy), baseUrl: strict.url });
    assert.equal(await session.renew(copy.accessToken), false);
    assert.deepEqual(told, ['refresh_reuse']);
  } finally {
    await strict.remove();
  }
});

test('signing in, signing out, and the other tab that hears of it', async () => {
  const { email } = await fresh();
  const storage = new Storage();
  const tabs = ['a', 'b'].map(() => tab({ storage, channel: new BroadcastChannel('usher-test') }));
  await tabs[0].session.signIn('/auth/login', { email, password });
  await until(() => tabs[1].session.state().status === 'in');
  assert.equal(tabs[1].session.state().user.email, email);
  await tabs[0].session.signOut();
  await until(() => tabs[1].session.state().status === 'out');
  assert.deepEqual([tabs[0].told, tabs[1].told], [['logout'], ['logout']]);
  assert.equal(held(storage), null);
});

test('a refused sign-in tells why and changes nothing', async () => {
  const { email } = await fresh();
  const { session, storage } = tab();
  const refusal = await session.signIn('/auth/login', { email, password: 'not-her-password-1' }).catch((error) => error);
  assert.equal(refusal.problem.code, 'invalid_credentials');
  assert.equal(held(storage), null);
});

test('a second factor is asked for, and completes the sign-in', async () => {
  const { email, tokens } = await fresh();
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens.accessToken}` };
  const post = async (path, body) => (await fetch(usher.url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  const { secret } = await post('/auth/mfa/totp', { password });
  const code = execFileSync('oathtool', ['--totp', '-b', secret], { encoding: 'utf8' }).trim();
  const { recoveryCodes } = await post('/auth/mfa/totp/confirm', { code });
  const { session, storage } = tab();
  const asked = await session.signIn('/auth/login', { email, password });
  assert.deepEqual([asked.mfaRequired, asked.methods], [true, ['totp', 'recovery_code']]);
  assert.equal(held(storage), null);
  const proof = { mfaToken: asked.mfaToken, method: 'recovery_code', code: recoveryCodes[0] };
  assert.equal(await session.signIn('/auth/mfa/verify', proof), undefined);
  assert.equal(session.state().user.email, email);
});

test('a step-up is kept, and a refused one changes nothing', async () => {
  const { email } = await fresh();
  const { session, storage } = tab();
  await session.signIn('/auth/login', { email, password });
  const before = await session.token();
  const refusal = await session.stepUp('password', 'not-her-password-1').catch((error) => error);
  assert.equal(refusal.problem.code, 'wrong_password');
  assert.equal(await session.token(), before);
  await session.stepUp('password', password);
  assert.notEqual(await session.token(), before);
  assert.notEqual(held(storage), null);
  assert.equal((await session.fetch(`${usher.url}/auth/me`)).status, 401, 'another server gets no token');
  assert.equal((await session.fetch(`${proxy.url}/auth/me`)).status, 200);
});

test('signing out while nobody can be asked is refused, and the session is kept', async () => {
  const { tokens } = await fresh();
  const { session, storage, told } = tab({ storage: holding(tokens) });
  proxy.faults.push({ path: '/auth/logout', kind: 'unavailable' });
  await assert.rejects(session.signOut(), Unavailable);
  assert.deepEqual([held(storage).sessionId, told], [tokens.sessionId, []]);
  await session.signOut();
  assert.deepEqual(told, ['logout']);
});

test('the token goes to no other server', async () => {
  const { tokens } = await fresh();
  const { session } = tab({ storage: holding(tokens) });
  assert.equal((await session.fetch(`${usher.url}/auth/me`)).status, 401); // another origin than the proxy's
  const allowed = tab({ storage: holding(tokens), apis: [usher.url] });
  assert.equal((await allowed.session.fetch(`${usher.url}/auth/me`)).status, 200);
});

// The key store of a phone, and its AppState.
function phone() {
  const values = new Map();
  const secure = {
    getItemAsync: async (name) => values.get(name) ?? null,
    setItemAsync: async (name, text) => void values.set(name, text),
    deleteItemAsync: async (name) => void values.delete(name),
  };
  const appState = {
    addEventListener: (_event, listener) => ((appState.listener = listener), { remove: () => (appState.listener = null) }),
  };
  const start = (secureStore = expoStore(secure)) =>
    createNativeSession({ baseUrl: proxy.url, secureStore, appState, wait: async () => {} });
  return { values, secure, appState, start };
}

test('React Native: the session outlives a restart of the app and of the server', async () => {
  const { email } = await fresh();
  const device = phone();
  await device.start().signIn('/auth/login', { email, password });
  assert.ok(device.values.get('usher.session').length < 2048);
  await usher.restart();
  const again = device.start();
  await again.load();
  assert.equal(again.state().user.email, email);
  assert.equal((await again.fetch(`${proxy.url}/auth/me`)).status, 200);
  await again.signOut();
  assert.equal(device.values.size, 0);
});

test('React Native: an app that was killed before it stored the new tokens is still signed in', async () => {
  const { email } = await fresh();
  const device = phone();
  const first = device.start();
  await first.signIn('/auth/login', { email, password });
  const before = device.values.get('usher.session');
  await first.renew(await first.token());
  device.values.set('usher.session', before); // the write was cut off
  const second = device.start();
  assert.equal(await second.renew(await second.token()), true);
});

test('React Native: coming to the foreground renews a token that is about to expire', async () => {
  const { email } = await fresh();
  const device = phone();
  const session = device.start();
  await session.signIn('/auth/login', { email, password });
  const before = await session.token();
  device.appState.listener('background');
  device.appState.listener('active'); // 10 s are left, less than a minute
  await until(() => proxy.count('/auth/refresh') === 1);
  await session.renew(before);
  assert.notEqual(await session.token(), before);
  session.close();
  assert.equal(device.appState.listener, null);
});

test('React Native: the keychain adapter keeps, finds and removes', async () => {
  let entry = false;
  const keychain = {
    getGenericPassword: async () => entry,
    setGenericPassword: async (username, text) => (entry = { username, password: text }),
    resetGenericPassword: async () => (entry = false),
  };
  const { email } = await fresh();
  const device = phone();
  await device.start(keychainStore(keychain)).signIn('/auth/login', { email, password });
  const again = device.start(keychainStore(keychain));
  assert.equal((await again.fetch(`${proxy.url}/auth/me`)).status, 200);
  await again.signOut();
  assert.equal(entry, false);
});
