import type { Request } from 'express';

/** Each role may do what the roles before it may. */
export const adminRoles = ['viewer', 'finance', 'operator'] as const;

/** `viewer` reads; `finance` also reads bills, margins and exports; `operator` also writes. */
export type AdminRole = (typeof adminRoles)[number];

/** Who makes a request of the admin API. */
export interface AdminIdentity {
  /** For the audit trail, 1 to 256 characters without control characters. */
  readonly name: string;
  readonly role: AdminRole;
  /** Limits everything to this tenant. Absent: all tenants. */
  readonly tenant?: string | undefined;
}

/** Finds out who makes a request. Nothing, or `undefined`: 401. A thrown TollgateError is answered as it is. */
export type Authorize = (
  req: Request,
) => AdminIdentity | null | undefined | Promise<AdminIdentity | null | undefined>;

export const mayAct = (role: AdminRole, needed: AdminRole): boolean =>
  adminRoles.indexOf(role) >= adminRoles.indexOf(needed);

/** Whether what the app's function returned is an identity: a wrong one must not become a more powerful one. */
export function isIdentity(value: unknown): value is AdminIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { name, role, tenant }: Partial<Record<keyof AdminIdentity, unknown>> = value;
  return (
    typeof name === 'string' &&
    /^[^\p{Cc}\p{Cs}]{1,256}$/u.test(name) &&
    adminRoles.some((one) => one === role) &&
    (tenant === undefined || (typeof tenant === 'string' && tenant !== ''))
  );
}
