// What tests/browser/run.mjs prepared for its test processes; made here when a test file is run by itself.
import { installTools, prepare } from './prepare.mjs';

const given = process.env.RESNET50_PREPARED;

/** Paths, and the reason to skip what needs weights: see `prepare`. */
export const prepared = given ? JSON.parse(given) : await prepare();

/** The folder of the bundlers or runtimes. */
export const toolsFolder = (name) => prepared.tools[name] ?? installTools(name);
