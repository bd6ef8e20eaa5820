export { type CreateOptions, create, type Language, type Template } from './create.js';
