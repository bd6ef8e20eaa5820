/** Express 4 under its alias; the part of its surface that the tests use is that of Express 5. */
declare module 'express4' {
  export { default } from 'express';
}
