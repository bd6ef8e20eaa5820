import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { personalData, secrets } from '../../src/index.js';
import { passesIban, passesLuhn } from '../../src/rules/checksums.js';

const place = { path: '', role: undefined };
const all = personalData({ kinds: ['email', 'card', 'iban', 'phone', 'us-ssn'] });
const seen = (text: string, rule = all): string[] =>
  rule.find(text, place).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

describe('personalData()', () => {
  it('finds cards of the common issuers, in one piece and in groups, and two in a row', () => {
    for (const card of [
      '4111111111111111',
      '5555555555554444',
      '2223003122003222',
      '378282246310005',
      '6011111111111117',
      '30569309025904',
      '3530111333300000',
      '6205500000000000004',
      '4111-1111-1111-1111',
      '3782 822463 10005',
    ]) {
      expect(seen(`pay with ${card}, please`)).toEqual([`pii.card ${card}`]);
    }
    expect(seen('4111 1111 1111 1111 5555 5555 5555 4444')).toHaveLength(2);
  });

  it('takes no number for a card whose check digit or issuer is wrong', () => {
    for (const text of [
      '4111111111111112',
      '1234567812345678',
      '0000000000000000',
      '9999999999999995',
      '41111111111111111111111',
      'version 4.1.1.1.1',
      'order 2024-11-21-000123-4567',
    ]) {
      expect(seen(text)).toEqual([]);
    }
  });

  it('finds IBANs with their check digits, and no others', () => {
    for (const iban of [
      'DE89370400440532013000',
      'GB82 WEST 1234 5698 7654 32',
      'NO9386011117947',
      'fr1420041010050500013m02606',
    ]) {
      expect(seen(`to ${iban}.`)).toEqual([`pii.iban ${iban}`]);
    }
    for (const text of [
      'DE88370400440532013000',
      'DE8937040044053201300',
      'XX89370400440532013000',
      'ABDE89370400440532013000',
    ]) {
      expect(seen(text)).toEqual([]);
    }
  });

  it('finds e-mail addresses, phone numbers and social security numbers', () => {
    expect(seen('write to Jane.Doe+news@mail.example.co.uk, or <bob@example.org>.')).toEqual([
      'pii.email Jane.Doe+news@mail.example.co.uk',
      'pii.email bob@example.org',
    ]);
    expect(seen('@decorator user@localhost a@b @ x@-y.com')).toEqual([]);
    expect(seen('call +49 (30) 1234-5678 or +14155552671')).toEqual([
      'pii.phone +49 (30) 1234-5678',
      'pii.phone +14155552671',
    ]);
    expect(seen('SSN 123-45-6789, not 000-12-3456, 666-12-3456 or 123-45-67890')).toEqual([
      'pii.us-ssn 123-45-6789',
    ]);
  });

  it('agrees with the definition of the check digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{12,18}$/), (digits) => {
        const passing = [...Array(10).keys()].filter((check) => passesLuhn(`${digits}${check}`));
        expect(passing).toHaveLength(1);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{18}$/), fc.integer({ min: 0, max: 98 }), (account, off) => {
        const check = 98n - (BigInt(`${account}131400`) % 97n);
        const right = String(check).padStart(2, '0');
        expect(passesIban(`DE${right}${account}`)).toBe(true);
        const other = String((Number(check) + off) % 100).padStart(2, '0');
        if ((Number(other) - Number(check)) % 97 !== 0)
          expect(passesIban(`DE${other}${account}`)).toBe(false);
      }),
    );
  });
});

describe('secrets()', () => {
  const rule = secrets();
  const of = (length: number): string => 'aB3dE5gH1j'.repeat(40).slice(0, length);

  it('finds keys by the forms that those who issue them have published', () => {
    const keys: [kind: string, key: string][] = [
      ['openai', `sk-proj-${of(40)}`],
      ['openai', `sk-${of(48)}`],
      ['anthropic', `sk-ant-api03-${of(40)}`],
      ['aws', 'AKIAQ3J7XKFP2M4TZ6WN'],
      ['google', `AIza${of(35)}`],
      ['github', `ghp_${of(36)}`],
      ['github', `github_pat_${of(60)}`],
      ['gitlab', `glpat-${of(20)}`],
      ['slack', `xoxb-${of(30)}`],
      ['stripe', `sk_live_${of(24)}`],
      ['stripe', `rk_live_${of(24)}`],
      ['npm', `npm_${of(36)}`],
      ['hugging-face', `hf_${of(34)}`],
      ['tollgate', `tg_live_${of(40)}`],
      ['groq', `gsk_${of(52)}`],
      ['xai', `xai-${of(80)}`],
      ['perplexity', `pplx-${of(48)}`],
      ['replicate', `r8_${of(37)}`],
      ['fireworks', `fw_${of(24)}`],
      ['openrouter', `sk-or-v1-${'0a1b2c3d'.repeat(8)}`],
      ['langsmith', `lsv2_pt_${'0a1b2c3d'.repeat(4)}_0a1b2c3d4e`],
      ['google', `GOCSPX-${of(28)}`],
      ['slack', `hooks.slack.com/services/T00000000/B00000000/${of(24)}`],
      ['stripe', `sk_test_${of(24)}`],
      ['webhook', `whsec_${of(32)}`],
      ['sendgrid', `SG.${of(22)}.${of(43)}`],
      ['twilio', `SK${'0a1b2c3d'.repeat(4)}`],
      ['pypi', `pypi-AgEIcHlwaS5vcmc${of(80)}`],
      ['digitalocean', `dop_v1_${'0a1b2c3d'.repeat(8)}`],
      ['shopify', `shpat_${'0a1b2c3d'.repeat(4)}`],
      ['databricks', `dapi${'0a1b2c3d'.repeat(4)}`],
      ['telegram', `7:AA${of(33)}`],
      ['notion', `ntn_${of(46)}`],
      ['linear', `lin_api_${of(40)}`],
      ['supabase', `sbp_${'0a1b2c3d'.repeat(5)}`],
      ['sentry', `sntryu_${'0a1b2c3d'.repeat(8)}`],
      ['grafana', `glsa_${of(32)}_0a1b2c3d`],
      ['atlassian', `ATATT3${of(180)}`],
      ['vault', `hvs.${of(90)}`],
      ['aws-bedrock', `ABSK${of(128)}`],
      ['jwt', `eyJ${of(20)}.eyJ${of(30)}.${of(43)}`],
    ];
    for (const [kind, key] of keys)
      expect(seen(`use "${key}" here`, rule)).toEqual([`secret.${kind} ${key}`]);
    const pem = `-----BEGIN RSA PRIVATE KEY-----\n${of(64)}\n-----END RSA PRIVATE KEY-----`;
    expect(seen(`${pem} and more`, rule)[0]).toContain('secret.private-key -----BEGIN');
  });

  it('finds passwords in URLs, and AWS secret keys by their name', () => {
    expect(seen('DATABASE_URL=postgres://app:hunter2@db.example.com/app', rule)).toHaveLength(1);
    expect(seen(`aws_secret_access_key = ${of(40)}`, rule)).toHaveLength(1);
  });

  it('takes no example of a documentation for a key', () => {
    expect(seen('AKIAIOSFODNN7EXAMPLE, https://example.com:8080/a@b', rule)).toEqual([]);
  });

  it('takes no word for a key', () => {
    for (const text of [
      'the desk-organisation-of-our-office-is',
      'sk-learn',
      'task-sk-management-without-any-digits-in-it',
      'ghost_writer',
      'AKIA is a prefix',
      'eyJ.eyJ.x',
    ]) {
      expect(seen(text, rule)).toEqual([]);
    }
  });
});
