/**
 * A video as it plays, classified frame by frame.
 */
import { check, tagOf } from '../base/check.js';
import type { Classification } from '../protocol/messages.js';

/** What is known of the video at one moment. */
export interface WatchResult {
  /** Best first, as from `classify`. */
  classes: Classification[];
  /** What this frame took, from the video to the classes. */
  milliseconds: number;
  /** How many frames are looked at in a second, over the last few; undefined for the first. */
  framesPerSecond: number | undefined;
}

/** Share of the newest interval in the frame rate. */
const NEWEST = 0.2;

/** Resolves when the video has a frame to look at; also when the signal is aborted or the video ends. */
function once(video: HTMLVideoElement, signal: AbortSignal, wait: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    let cancel = (): void => undefined;
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      video.removeEventListener('ended', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    video.addEventListener('ended', done);
    cancel = wait(done);
  });
}

const firstFrame = (video: HTMLVideoElement, signal: AbortSignal) =>
  once(video, signal, (done) => {
    video.addEventListener('loadeddata', done);
    return () => video.removeEventListener('loadeddata', done);
  });

/** None is looked at twice, and none waits in a queue. Hidden pages have no frames: the loop rests. */
const nextFrame = (video: HTMLVideoElement, signal: AbortSignal) =>
  once(video, signal, (done) => {
    if (!('requestVideoFrameCallback' in video)) {
      const id = requestAnimationFrame(done);
      return () => cancelAnimationFrame(id);
    }
    const id = video.requestVideoFrameCallback(done);
    return () => video.cancelVideoFrameCallback(id);
  });

/** Whether there is no frame yet: browsers say that a stream has data before it does. */
function isEmpty(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { name?: unknown } };
  return code === 'UNSUPPORTED_INPUT' && (cause === undefined || cause.name === 'InvalidStateError');
}

/**
 * As `Model.watch`; `classify` looks at the present frame.
 * @throws ResNet50Error INVALID_ARGUMENT naming the argument; what `classify` and `onResult` throw
 */
export async function watchVideo(
  classify: () => Promise<Classification[]>,
  video: HTMLVideoElement,
  onResult: (result: WatchResult) => unknown,
  signal: AbortSignal,
): Promise<void> {
  check(tagOf(video) === 'HTMLVideoElement', 'video', 'must be a <video> element; classify takes everything else');
  check(typeof onResult === 'function', 'onResult', 'must be a function');
  if (video.readyState < 2 /* HAVE_CURRENT_DATA */) await firstFrame(video, signal);
  let [last, interval]: [number, number | undefined] = [0, undefined];
  while (!signal.aborted && !video.ended) {
    const begun = performance.now();
    let classes: Classification[];
    try {
      classes = await classify();
    } catch (error) {
      if (signal.aborted) return;
      if (last > 0 || !isEmpty(error)) throw error;
      await nextFrame(video, signal);
      continue;
    }
    if (signal.aborted) return;
    const now = performance.now();
    if (last > 0) interval = interval === undefined ? now - last : interval + NEWEST * (now - last - interval);
    last = now;
    const framesPerSecond = interval === undefined ? undefined : 1000 / interval;
    await onResult({ classes, milliseconds: now - begun, framesPerSecond });
    if (!signal.aborted) await nextFrame(video, signal);
  }
}
