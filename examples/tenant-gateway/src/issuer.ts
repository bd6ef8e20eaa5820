import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** Stands in for the identity provider of the tenants' users: signs tokens, and publishes its key. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: { readonly keys: JWK[] };
  /** A token for a user of a tenant, which names the tenant's tier as `plan`. */
  token(tenant: string, tier: string, user: string): Promise<string>;
}

export async function createIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const [issuer, audience] = ['https://login.example.com/', 'https://gateway.example.com'];
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  return {
    ...{ issuer, audience, keys: { keys: [jwk] } },
    token: (tenant, tier, user) =>
      new SignJWT({ tenant, plan: tier, scope: 'label' })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(user)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
  };
}
