import {
  type ChildRevocations,
  childClockToleranceMs,
  idTimeMs,
  maxChildLifetimeMs,
} from '@tollgate/core/internal';
import type { Changes } from './changes.js';
import { checkTexts } from './names.js';
import type { Writer } from './writer.js';

/** Revoked child credentials in SQL, for `childCredentials({ revocations })`: kept until none that they concern can be alive. */
export function sqlRevocations(writer: Writer, changes: Changes): ChildRevocations {
  const revoke = (id: string, action: string, mintedUntilMs: number): Promise<void> =>
    writer.change(async (transaction) => {
      const minted_until = new Date(mintedUntilMs);
      const kept_until = new Date(mintedUntilMs + maxChildLifetimeMs);
      await transaction
        .deleteFrom('child_revocations')
        .where('kept_until', '<', new Date(writer.now()))
        .execute();
      await transaction
        .insertInto('child_revocations')
        .values({ id, minted_until, kept_until })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ minted_until, kept_until }))
        .execute();
      return {
        result: undefined,
        change: { action, tenant: undefined, subject: id },
        tell: ['c', id],
      };
    });
  return {
    onChange: (listener) => changes.on('c', listener),
    async isRevoked({ id, parentId }) {
      const query = await writer.query();
      const mintedAt = new Date(idTimeMs(id) ?? 0);
      const found = await query
        .selectFrom('child_revocations')
        .select('id')
        .where('id', 'in', [id, parentId])
        .where('minted_until', '>=', mintedAt)
        .executeTakeFirst();
      return found !== undefined;
    },
    async revoke(id) {
      const mintedAtMs = idTimeMs(id);
      if (mintedAtMs === undefined) throw new TypeError('revoke: not the id of a child credential');
      await revoke(id, 'child.revoke', mintedAtMs);
    },
    async revokeAllOf(parentId) {
      checkTexts('revokeAllOf', { parentId });
      await revoke(parentId, 'child.revoke-all', writer.now() + childClockToleranceMs);
    },
  };
}
