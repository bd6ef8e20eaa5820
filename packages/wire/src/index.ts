export type { WireFormat } from './format/wire-format.js';
export { formatOf, wireApis } from './formats.js';
export { isModelList, type Route, type RouteOptions, routeOf } from './route/route-of.js';
export { unmeteredRouteOf } from './route/unmetered-route.js';
export { type ReadingOptions, ResponseReader } from './stream/response-reader.js';
