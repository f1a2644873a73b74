// What a browser's process of a page occupies, read from /proc (Linux).
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Whether a command line is that of a process that pages run in: Chromium's renderers, Firefox's content processes. */
const runsPages = (command) =>
  (command.includes('--type=renderer') && !command.includes('--extension-process')) ||
  (command.includes('-contentproc') && /[\0 ]tab\0*$/.test(command));

/** Resident memory of the largest process of a browser's pages, bytes: browsers keep empty ones in stock. */
export function pageBytes(browser) {
  const parent = browser.process().pid;
  const processes = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      processes.set(Number(pid), {
        parent: Number(/PPid:\s+(\d+)/.exec(status)?.[1]),
        bytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024,
        ofPages: runsPages(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
      });
    } catch {
      // it has ended meanwhile
    }
  }
  const isOurs = (pid) => pid === parent || (processes.has(pid) && isOurs(processes.get(pid).parent));
  let largest = 0;
  for (const [pid, { bytes, ofPages }] of processes) if (ofPages && isOurs(pid)) largest = Math.max(largest, bytes);
  if (largest === 0) throw new Error('no process of the browser runs a page');
  return largest;
}

/** The lowest sample once they have stopped falling: what was given up is freed a little later. */
export async function settled(sample) {
  let lowest = Number.POSITIVE_INFINITY;
  for (let since = 0; since < 10; since++) {
    const value = await sample();
    if (value < lowest) [lowest, since] = [value, 0];
    await pause(20);
  }
  return lowest;
}
