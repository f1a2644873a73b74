/**
 * What most pages never call: a module that the first such call loads. Only types of it may be imported otherwise.
 */
export { readParameter } from '../weights/parameters.js';
export { drawFile } from './draw-file.js';
export { explanationOf } from './explain.js';
export { readInput } from './read-input.js';
export { watchVideo } from './watch.js';
