/**
 * The arguments of the command, byte for byte: Node.js replaces what is not UTF-8, and names of files on Linux may be that.
 */
import { readFileSync } from 'node:fs';
import { nameOf } from '../base/file-names.node.js';

/** As which Node.js gives bytes that are not UTF-8. */
const REPLACED = '\ufffd';

/** The arguments after the script, names of files as `pathOf` takes them. */
export function commandArguments(): string[] {
  const given = process.argv.slice(2);
  if (process.platform !== 'linux' || !given.some((argument) => argument.includes(REPLACED))) return given;
  try {
    const whole = readFileSync('/proc/self/cmdline').toString('latin1');
    const exact = whole.slice(0, -1).split('\0').slice(-given.length);
    return exact.map((argument) => nameOf(Buffer.from(argument, 'latin1')));
  } catch {
    return given; // no /proc here
  }
}
