import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** A service of the company, and all that it may do. */
interface Service {
  /** Its client id. */
  readonly client: string;
  readonly team: string;
  /** How much it matters: the plan that decides its limits. */
  readonly criticality: 'critical' | 'batch';
  /** Kinds of data that it may send. */
  readonly data: readonly ('public' | 'confidential')[];
  readonly models: readonly string[];
  readonly costCentre: string;
}

const services: readonly Service[] = [
  {
    ...{ client: 'claims-triage', team: 'claims', criticality: 'critical', costCentre: '4711' },
    ...{ data: ['public', 'confidential'], models: ['gpt-5-mini'] },
  },
  {
    ...{ client: 'faq-writer', team: 'marketing', criticality: 'batch', costCentre: '0815' },
    ...{ data: ['public'], models: ['gpt-5-nano'] },
  },
];

/** Stands in for the company's OAuth server: answers client credentials with a token that lasts ten minutes. */
export interface Authority {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: { readonly keys: JWK[] };
  token(client: string): Promise<string>;
}

export async function createAuthority(): Promise<Authority> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const [issuer, audience] = ['https://sso.example.com/', 'ai-gateway'];
  return {
    ...{ issuer, audience, keys: { keys: [jwk] } },
    token(client) {
      const service = services.find((one) => one.client === client);
      if (!service) throw new Error(`there is no service ${JSON.stringify(client)}`);
      const { team, criticality, data, models, costCentre } = service;
      const scope = data.map((kind) => `data:${kind}`).join(' ');
      const claims = {
        azp: client,
        tenant: 'the-company',
        team,
        plan: criticality,
        scope,
        models,
        cc: costCentre,
      };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(client)
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(privateKey);
    },
  };
}
