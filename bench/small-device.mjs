// A small device for Chromium's renderers (Linux): memory by a control group, and processor time by another, in which all
// threads of a page, workers too, share a part of one core.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MOUNT = '/sys/fs/cgroup';
/** Of the scheduler, microseconds: short, so that a slow processor does not look like one that pauses. */
const PERIOD = 10_000;
const MB = 1_000_000;
const LEAVING_MS = 10_000;

/** By controller: the files that set it, for version 1 of control groups and for version 2. */
const SETTINGS = {
  memory: {
    v1: (bytes) => ({ 'memory.limit_in_bytes': bytes }),
    v2: (bytes) => ({ 'memory.max': bytes, 'memory.swap.max': 0 }),
    peak: ['memory.max_usage_in_bytes', 'memory.peak'],
  },
  cpu: {
    v1: (slowdown) => ({ 'cpu.cfs_period_us': PERIOD, 'cpu.cfs_quota_us': Math.round(PERIOD / slowdown) }),
    v2: (slowdown) => ({ 'cpu.max': `${Math.round(PERIOD / slowdown)} ${PERIOD}` }),
  },
};

/** The folder of this process's group, and the version of it. */
function ownGroup(controller) {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  const parts = lines.map((line) => /^\d+:(?:name=)?([^:]*):(.*)$/.exec(line).slice(1));
  const [, first] = parts.find(([names]) => names.split(',').includes(controller)) ?? [];
  if (first !== undefined) return { folder: join(MOUNT, controller, first), version: 'v1' };
  const [, unified] = parts.find(([names]) => names === '') ?? [];
  return unified === undefined ? undefined : { folder: join(MOUNT, unified), version: 'v2' };
}

/** A group below this process's own; undefined where none can be made. */
function makeGroup(controller, value) {
  try {
    const { folder: own, version } = ownGroup(controller);
    const folder = join(own, `resnet50-bench-${process.pid}`);
    mkdirSync(folder);
    for (const [file, content] of Object.entries(SETTINGS[controller][version](value))) {
      writeFileSync(join(folder, file), String(content));
    }
    return folder;
  } catch {
    return undefined;
  }
}

/** Removes a group as soon as the last process has left it, which takes slow ones a moment after they were ended. */
async function removeGroup(folder) {
  for (const end = Date.now() + LEAVING_MS; ; ) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if (error.code !== 'EBUSY' || Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * @param {{ slowdown: number, memory: number }} how memory in MB
 * @returns flags for Chromium, what could not be limited, the peak so far, and how to give the groups back
 */
export function smallDevice({ slowdown, memory }) {
  const groups = {
    memory: makeGroup('memory', memory * MB),
    cpu: slowdown > 1 ? makeGroup('cpu', slowdown) : undefined,
  };
  const missing = [
    ...(groups.memory === undefined ? ['memory'] : []),
    ...(slowdown > 1 && groups.cpu === undefined ? ['processor'] : []),
  ];
  const scratch = mkdtempSync(join(tmpdir(), 'resnet50-wasm-phone-'));
  const starter = join(scratch, 'start-renderer');
  const enter = Object.values(groups).flatMap((folder) =>
    folder === undefined ? [] : [`echo $$ > ${join(folder, 'cgroup.procs')}`],
  );
  writeFileSync(starter, `#!/bin/sh\n${enter.join('\n')}\nexec "$@"\n`, { mode: 0o755 });
  return {
    missing,
    flags: [`--renderer-cmd-prefix=${starter}`, '--disable-features=SpareRendererForSitePerProcess'],
    /** Most memory that the renderers have had, MB; undefined where nothing counts it. */
    peak() {
      const file = SETTINGS.memory.peak.map((name) => join(groups.memory ?? '', name)).find((path) => existsSync(path));
      return file && Number(readFileSync(file, 'utf8')) / MB;
    },
    /** Call it when the browser has ended. */
    async close() {
      for (const folder of Object.values(groups)) if (folder !== undefined) await removeGroup(folder);
      rmSync(scratch, { recursive: true });
    },
  };
}
