/** Under which Nest provides the app's `Tollgate`. */
export const TOLLGATE = Symbol('tollgate');
