export { type AdminRouter, admin } from './admin.js';
export type { AdminApp } from './admin-app.js';
export { type Sessions, type SessionsOptions, sessions } from './http/sessions.js';
export type { AdminIdentity, AdminRole, Authorize } from './identity.js';
export type { AdminOptions } from './options.js';
