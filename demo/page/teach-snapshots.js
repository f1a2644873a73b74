// The camera that takes examples: one stream at a time, shown in whichever video asks for it. Stops with the tab in the
// background, and gives the camera back.

import { CAMERA_LEFT } from './sentences.js';

const CONSTRAINTS = {
  audio: false,
  video: { facingMode: 'environment', width: { ideal: 640 }, height: { ideal: 480 } },
};
/** JPEG quality: the network sees 224 pixels. */
const QUALITY = 0.92;

/** @param {(video: HTMLVideoElement | null) => void} onLive called with the video that shows the camera, and when none does any longer */
export function createSnapshots(onLive) {
  /** @type {{ video: HTMLVideoElement, stream: MediaStream, onStop: (reason: string) => void } | null} */
  let live = null;
  let asked = 0;

  /** @param {string} reason why, in a sentence, where it was not asked for */
  function stop(reason = '') {
    asked++;
    if (live === null) return;
    const { stream, video, onStop } = live;
    live = null;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    onStop(reason);
    onLive(null);
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) stop(CAMERA_LEFT);
  });

  return {
    stop,
    /**
     * Shows the camera; false where something else was asked for meanwhile.
     * @throws what `getUserMedia` does
     */
    async start(video, onStop) {
      stop();
      const mine = asked;
      const stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
      if (mine !== asked) {
        for (const track of stream.getTracks()) track.stop();
        return false;
      }
      live = { video, stream, onStop };
      video.srcObject = stream;
      await video.play();
      if (mine !== asked) return false;
      onLive(video);
      return true;
    },
    /** @returns {Promise<File | null>} what the camera sees now */
    async take() {
      if (live === null || live.video.videoWidth === 0) return null;
      const { video } = live;
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
      canvas.getContext('2d').drawImage(video, 0, 0);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
      return blob === null ? null : new File([blob], 'camera.jpg', { type: blob.type });
    },
  };
}
