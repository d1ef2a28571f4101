// useSession in a real React tree.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { act, createElement } from 'react';
import TestRenderer from 'react-test-renderer';
import { Storage, Usher, client, password } from './support.js';

const { createSession, webStore } = await client('usherFetch.js');
const { SessionProvider, useSession } = await client('useSession.js');
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

const complain = console.error;
console.error = (text, ...more) => String(text).includes('react-test-renderer is deprecated') || complain(text, ...more);

let usher;
before(async () => (usher = await new Usher().start()));
after(() => usher.remove());

function Greeting() {
  const { status, user, reason } = useSession();
  if (status === 'in') return `Hello ${user.firstName}`;
  return status === 'out' ? `Please sign in${reason ? ` (${reason})` : ''}` : 'One moment';
}

test('shows loading, signed in, and signed out elsewhere with the reason', async () => {
  await usher.signUp('ada@example.org');
  const session = createSession({ baseUrl: usher.url, store: webStore(new Storage()), locks: null, channel: null });
  let tree;
  act(() => (tree = TestRenderer.create(createElement(SessionProvider, { session }, createElement(Greeting)))));
  assert.equal(tree.toJSON(), 'One moment');
  await act(() => session.load());
  assert.equal(tree.toJSON(), 'Please sign in');

  await act(() => session.signIn('/auth/login', { email: 'ada@example.org', password }));
  assert.equal(tree.toJSON(), 'Hello Ada');

  const other = (await usher.call('POST', '/auth/login', { body: { email: 'ada@example.org', password } })).json;
  await usher.call('DELETE', '/auth/sessions?except=current', { token: other.accessToken });
  await act(() => session.fetch(`${usher.url}/auth/me`));
  assert.equal(tree.toJSON(), 'Please sign in (logout_all)');
  act(() => tree.unmount());
});

test('useSession without its provider says so', () => {
  const silent = console.error;
  console.error = () => {};
  try {
    assert.throws(() => act(() => TestRenderer.create(createElement(Greeting))), /SessionProvider/);
  } finally {
    console.error = silent;
  }
});
