// A judge that knows nothing of Usher: the npm package jose verifies access tokens with the published keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { Usher } from './support.js';

const flip = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

for (const algorithm of ['ES256', 'EdDSA', 'RS256']) {
  test(`jose accepts ${algorithm} tokens and refuses altered ones`, async () => {
    const usher = await new Usher({ 'tokens.algorithm': algorithm }).start();
    try {
      const { accessToken, sessionId, user } = await usher.signUp('ada@example.org');
      const keys = createRemoteJWKSet(new URL(`${usher.url}/.well-known/jwks.json`));
      const rules = { issuer: 'usher', audience: 'usher', typ: 'at+jwt', algorithms: [algorithm] };
      const { payload } = await jwtVerify(accessToken, keys, rules);
      assert.deepEqual([payload.sub, payload.sid], [user.id, sessionId]);
      assert.equal(decodeProtectedHeader(accessToken).alg, algorithm);

      const [header, claims, signature] = accessToken.split('.');
      const other = Buffer.from(JSON.stringify({ ...payload, sub: sessionId })).toString('base64url');
      const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
      const altered = [
        `${header}.${other}.${signature}`,
        `${header}.${claims}.${flip(signature, 8)}`,
        `${none}.${claims}.`,
      ];
      for (const token of altered) {
        await assert.rejects(jwtVerify(token, keys, rules), errors.JOSEError);
        assert.equal((await usher.call('GET', '/auth/me', { token })).status, 401);
      }
      await assert.rejects(jwtVerify(accessToken, keys, { ...rules, audience: 'somebody-else' }), errors.JWTClaimValidationFailed);
    } finally {
      await usher.remove();
    }
  });
}
