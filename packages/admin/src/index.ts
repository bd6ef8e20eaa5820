export { type AdminRouter, admin } from './admin.js';
export type { AdminApp } from './api/admin-app.js';
export type { AdminIdentity, AdminRole, Authorize } from './api/identity.js';
export { type Sessions, type SessionsOptions, sessions } from './http/sessions.js';
export type { AdminOptions } from './options.js';
