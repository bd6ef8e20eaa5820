import { describe, expect, it } from '@jest/globals';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { childKeyOf, childPrefix } from '../src/child-token.js';
import { childCredentials } from '../src/index.js';
import { childSecret, childWorld } from './child-world.js';

const key = childKeyOf(childSecret);

async function mintedClaims(world: ReturnType<typeof childWorld>) {
  const { token } = await world.children.mint(await world.parent(), {
    scopes: ['chat'],
    limits: { spend: '$1' },
  });
  return { token, claims: decodeJwt(token.slice(childPrefix.length)) };
}

const sign = (claims: object, typ = 'tollgate-child+jwt', by: Uint8Array = key): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256', typ })
    .sign(by)
    .then((token) => childPrefix + token);

describe('a child credential that was tampered with is refused with 401', () => {
  it('wherever one character of it is changed', async () => {
    const world = childWorld();
    const { token } = await mintedClaims(world);
    for (let at = childPrefix.length; at < token.length - 1; at += 7) {
      if (token[at] === '.') continue;
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      await world.send(changed).expect(401);
    }
    await world.send(token).expect(200);
  });

  it('when its claims are widened and its signature kept', async () => {
    const world = childWorld();
    const { token, claims } = await mintedClaims(world);
    const [header, , signature] = token.split('.');
    const wide = Buffer.from(
      JSON.stringify({ ...claims, scopes: ['chat', 'summarize', 'admin'], limits: {} }),
    );
    await world.send(`${header}.${wide.toString('base64url')}.${signature}`).expect(401);
  });

  it('with alg "none", another algorithm, another type or audience, or the secret itself as key', async () => {
    const world = childWorld();
    const { claims } = await mintedClaims(world);
    const raw = new TextEncoder().encode(childSecret);
    const other = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS512', typ: 'tollgate-child+jwt' });
    for (const text of [
      childPrefix + new UnsecuredJWT({ ...claims }).encode(),
      childPrefix + (await other.sign(new Uint8Array([...key, ...key]))),
      await sign(claims, 'JWT'),
      await sign(claims, 'tollgate-child+jwt', raw),
      await sign({ ...claims, aud: 'another' }),
      (await sign(claims)).slice(childPrefix.length),
      childPrefix,
      `${childPrefix}..`,
    ]) {
      const answer = await world.send(text).expect(401);
      expect(answer.body.error.code).toMatch(/^invalid_(token|api_key)$/);
    }
    await world.send(await sign(claims)).expect(200);
  });

  it('when it says too little, or both key and caller, even well signed', async () => {
    const world = childWorld();
    const { claims } = await mintedClaims(world);
    const { exp, jti, scopes, ...rest } = claims as Record<string, unknown>;
    const caller = { id: 'x', tenant: 'globex', plan: 'pro' };
    for (const wrong of [
      { ...rest, jti, scopes },
      { ...rest, exp, scopes },
      { ...rest, exp, jti },
      { ...claims, jti: 'x' },
      { ...claims, caller },
      { ...claims, keyId: undefined },
      { ...claims, keyId: 7 },
      { ...claims, scopes: 'chat' },
      { ...claims, limits: { spend: 5 } },
      { ...claims, limits: { other: '$5' } },
      { ...claims, models: [''] },
    ]) {
      await world.send(await sign(wrong)).expect(401);
    }
  });

  it('well signed with wider scopes and models still gets no more than its key has', async () => {
    const world = childWorld();
    const { claims } = await mintedClaims(world);
    const wide = { ...claims, scopes: ['chat', 'admin'], models: ['*'], tenant: 'globex', plan: 'max' };
    expect(await world.callerOf(await sign(wide))).toMatchObject({
      tenant: 'acme',
      plan: 'pro',
      scopes: ['chat'],
      models: ['gpt-5*', 'claude-sonnet-5'],
    });
  });

  it('of a key that nobody knows, or where no keys are', async () => {
    const world = childWorld();
    const { claims, token } = await mintedClaims(world);
    await world.send(await sign({ ...claims, keyId: 'nobody00' })).expect(401);
    const { children } = world;
    const alone = childWorld({}, { children, keys: undefined } as never);
    await alone.send(token).expect(401);
    expect(childCredentials({ secret: childSecret }).keys).toHaveLength(1);
  });

  it('but is not 401 while the key store is away: 503, and from memory what was good within a minute', async () => {
    const world = childWorld();
    const { token } = await mintedClaims(world);
    const other = (await world.children.mint(await world.parent())).token;
    await world.send(token).expect(200);
    world.store.behave('fail');
    world.clock.advance(6_000);
    await world.send(token).expect(200);
    await world.send(other).expect(503);
  });
});
