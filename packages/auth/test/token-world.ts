import { afterEach, beforeEach, expect } from '@jest/globals';
import { createManualClock, type ManualClock } from '@tollgate/testkit';
import type { Express } from 'express';
import request from 'supertest';
import type { AuthenticateOptions } from '../src/index.js';
import { appWith } from './app.js';
import { audience, issuerName, startIssuer, type TestIssuer } from './issuer.js';

/** A fresh issuer and clock for every test of a file, and what its tests do with them. */
export function tokenWorld(algorithm: string) {
  const world = {} as { issuer: TestIssuer; clock: ManualClock };
  beforeEach(async () => {
    world.issuer = await startIssuer(algorithm);
    world.clock = createManualClock();
  });
  afterEach(() => world.issuer.close());

  const seconds = (): number => world.clock.now() / 1_000;
  const claims = () => ({
    iss: issuerName,
    aud: audience,
    sub: 'ada',
    iat: seconds(),
    exp: seconds() + 600,
  });
  const jwt = (more = {}) => ({ issuer: issuerName, audience, jwksUrl: world.issuer.jwksUrl, ...more });
  const app = (more = {}, options: Partial<AuthenticateOptions> = {}): Express =>
    appWith({ jwt: jwt(more), now: world.clock.now, ...options });
  const send = (to: Express, token: string) => request(to).get('/v1').set('Authorization', `Bearer ${token}`);
  const refused = async (to: Express, token: string, message = 'The token is not valid.') => {
    const answer = await send(to, token).expect(401);
    expect(answer.body.error).toMatchObject({ code: 'invalid_token', message });
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="tollgate", error="invalid_token", error_description="${message}"`,
    );
  };
  return Object.assign(world, { seconds, claims, jwt, app, send, refused });
}
