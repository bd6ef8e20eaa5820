import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An issuer of tokens with a key set on a server of its own. */
export interface TestIssuer {
  readonly jwksUrl: string;
  /** Times the key set was fetched. */
  readonly fetches: number;
  /** What the server does from now on. */
  behave(how: 'answer' | 'fail' | 'hang' | 'redirect'): void;
  /** Signs with the newest key, or with that of a `kid`. */
  sign(claims: JWTPayload, header?: { kid?: string | undefined; [name: string]: unknown }): Promise<string>;
  /** Adds a key; the old ones stay in the set. */
  rotate(kid: string): Promise<void>;
  /** The newest public key, as text: what an attacker of RS256 verifiers signs HS256 with. */
  publicPem(): Promise<string>;
  jwks(): Promise<{ keys: { kty: string }[] }>;
  close(): Promise<void>;
}

export const issuerName = 'https://issuer.example/';
export const audience = 'https://api.example';

/** Starts an issuer on loopback. */
export async function startIssuer(algorithm = 'RS256'): Promise<TestIssuer> {
  const pairs = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();
  let behaviour: 'answer' | 'fail' | 'hang' | 'redirect' = 'answer';
  let fetches = 0;
  let newest = '';
  const jwks = async () => ({
    keys: await Promise.all(
      [...pairs].map(async ([kid, pair]) => {
        const { kty = '', ...rest } = await exportJWK(pair.publicKey);
        return { kty, ...rest, kid, use: 'sig', alg: algorithm };
      }),
    ),
  });
  const server = createServer(async (_req, res) => {
    fetches += 1;
    if (behaviour === 'hang') return;
    if (behaviour === 'redirect') res.writeHead(302, { location: '/elsewhere' }).end();
    else if (behaviour === 'fail') res.writeHead(500).end();
    else res.setHeader('content-type', 'application/json').end(JSON.stringify(await jwks()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const rotate = async (kid: string): Promise<void> => {
    pairs.set(kid, await generateKeyPair(algorithm, { extractable: true }));
    newest = kid;
  };
  await rotate('key-1');
  const newestPair = () => pairs.get(newest) as Awaited<ReturnType<typeof generateKeyPair>>;
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    get fetches() {
      return fetches;
    },
    behave(how) {
      behaviour = how;
    },
    sign: (claims, header = {}) => {
      const { kid, ...more } = { kid: newest, ...header };
      const pair = pairs.get(kid ?? newest) ?? newestPair();
      return new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(kid !== undefined && { kid }), ...more })
        .sign(pair.privateKey);
    },
    rotate,
    publicPem: () => exportSPKI(newestPair().publicKey),
    jwks,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
