import { describe, expect, it } from '@jest/globals';
import { apiKeyStrategy, authenticate, envKeys, jwtStrategy, memoryKeys } from '../src/index.js';

const keys = memoryKeys();
const jwt = { issuer: 'https://i.example/', audience: 'a', jwksUrl: 'https://i.example/jwks' };
const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

describe('the options of authenticate()', () => {
  const wrong: [options: object, message: string][] = [
    [{}, 'authenticate: at least one of "keys", "jwt", "children" and "caller" is required'],
    [{ keys: {} }, 'authenticate: "keys" must be an object with find(), received an empty object'],
    [{ key: keys }, 'authenticate: unknown option "key" (did you mean "keys"?)'],
    [
      { keys, rememberMs: 60_001 },
      'authenticate: "rememberMs" must be an integer from 0 to 60000, received 60001',
    ],
    [{ keys, rememberMs: NaN }, 'received NaN'],
    [{ keys, maxRemembered: 0 }, 'authenticate: "maxRemembered" must be a positive integer, received 0'],
    [
      { keys, storeDeadlineMs: 1.5 },
      'authenticate: "storeDeadlineMs" must be a positive integer, received 1.5',
    ],
    [{ keys, realm: 'a"b' }, 'authenticate: "realm" must be printable ASCII without quotes'],
    [{ keys, realm: 'a\r\nSet-Cookie: x' }, 'authenticate: "realm" must be printable ASCII without quotes'],
    [{ keys, failures: true }, 'authenticate: "failures" must be an object or false, received true'],
    [{ keys, failures: { maximum: 3 } }, 'authenticate: failures: unknown option "maximum"'],
    [
      { keys, failures: { ipv6Subnet: 8 } },
      'authenticate: failures: "ipv6Subnet" must be an integer from 32 to 128',
    ],
    [{ keys, mode: 'on' }, 'authenticate: "mode" must be one of "enforce", "shadow", "off", received "on"'],
    [{ keys, passport: 'passport' }, 'authenticate: "passport" must be an object with authenticate()'],
    [{ keys, now: 5 }, 'authenticate: "now" must be a function, received 5'],
    [{ jwt: { ...jwt, issuer: undefined } }, 'authenticate: jwt: "issuer" is required'],
    [
      { jwt: { issuer: 'https://i.example/', jwksUrl: 'https://i.example/jwks' } },
      'authenticate: jwt: "audience" or "authorizedParties" is required',
    ],
    [
      { jwt: { ...jwt, audience: [] } },
      'authenticate: jwt: "audience" must be a non-empty string or a list of them',
    ],
    [
      { jwt: { ...jwt, jwksUrl: undefined } },
      'jwt: exactly one of "jwksUrl", "keys" and "secret" is needed, received 0',
    ],
    [
      { jwt: { ...jwt, secret: 'x'.repeat(32) } },
      'jwt: exactly one of "jwksUrl", "keys" and "secret" is needed, received 2',
    ],
    [
      { jwt: { ...jwt, jwksUrl: 'http://i.example/jwks' } },
      'authenticate: jwt: "jwksUrl" must be an https: URL',
    ],
    [{ jwt: { ...jwt, jwksUrl: 'file:///etc/keys' } }, 'authenticate: jwt: "jwksUrl" must be an https: URL'],
    [{ jwt: { ...jwt, jwksUrl: 'http://127.0.0.1.evil.example/' } }, '"jwksUrl" must be an https: URL'],
    [{ jwt: { ...jwt, algorithms: ['none'] } }, 'authenticate: jwt: "algorithms" may hold RS256'],
    [{ jwt: { ...jwt, algorithms: ['HS256'] } }, 'received "HS256"; it needs "secret"'],
    [{ jwt: { ...jwt, algorithms: [] } }, 'authenticate: jwt: "algorithms" must be a non-empty list'],
    [
      { jwt: { ...jwt, jwksUrl: undefined, secret: 'short' } },
      'jwt: "secret" must be a string or Uint8Array of at least 32 bytes, received 5',
    ],
    [
      { jwt: { ...jwt, jwksUrl: undefined, secret: 'x'.repeat(32), algorithms: ['RS256'] } },
      'may hold HS256, HS384, HS512, received "RS256"',
    ],
    [
      { jwt: { ...jwt, jwksUrl: undefined, keys: { keys: [{ kty: 'oct', k: 'AA' }] } } },
      'jwt: "keys" must be { keys: [...] } with public keys',
    ],
    [
      { jwt: { ...jwt, jwksUrl: undefined, keys: { keys: [{ ...publicKey, d: 'x' }] } } },
      'jwt: "keys" must be { keys: [...] } with public keys',
    ],
    [{ jwt: { ...jwt, claims: { plans: 'plan' } } }, 'authenticate: jwt: claims: unknown option "plans"'],
    [
      { jwt: { ...jwt, claims: { plan: 5 } } },
      'authenticate: jwt: claims: "plan" must be the name of a claim',
    ],
    [
      { jwt: { ...jwt, clockToleranceSeconds: 301 } },
      '"clockToleranceSeconds" must be an integer from 0 to 300',
    ],
    [
      { jwt: { ...jwt, jwkUrl: 'x' } },
      'authenticate: jwt: unknown option "jwkUrl" (did you mean "jwksUrl"?)',
    ],
  ];
  for (const [options, message] of wrong) {
    it(`wrong ones are refused at start: ${message}`, () => {
      expect(() => Reflect.apply(authenticate, undefined, [options])).toThrow(message);
    });
  }

  it('right ones are taken, before any server is asked', () => {
    expect(() => authenticate({ jwt })).not.toThrow();
    expect(() =>
      authenticate({ jwt: { ...jwt, jwksUrl: new URL('http://keycloak:8080/x'), allowHttp: true } }),
    ).not.toThrow();
    expect(() =>
      authenticate({ jwt: { issuer: ['a', 'b'], audience: ['c'], keys: { keys: [publicKey] } } }),
    ).not.toThrow();
    expect(() => authenticate({ keys, jwt, failures: false, rememberMs: 0 })).not.toThrow();
  });
});

describe('the options of the others', () => {
  it('are checked the same way', () => {
    expect(() => Reflect.apply(apiKeyStrategy, undefined, [{}])).toThrow(
      'apiKeyStrategy: "keys" is required',
    );
    expect(() => Reflect.apply(jwtStrategy, undefined, [{ jwt: {} }])).toThrow(
      'jwtStrategy: jwt: "issuer" is required',
    );
    expect(() => Reflect.apply(jwtStrategy, undefined, [{ jwt, keys }])).toThrow(
      'jwtStrategy: unknown option "keys"',
    );
    expect(() => Reflect.apply(memoryKeys, undefined, [[], { clock: 1 }])).toThrow(
      'memoryKeys: unknown option "clock"',
    );
    expect(() => Reflect.apply(envKeys, undefined, [{ variable: 5 }])).toThrow('envKeys: "variable" must be');
  });
});
