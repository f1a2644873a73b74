// A camera for browsers whose pages can make a stream of a canvas.

/**
 * For `evaluateOnNewDocument`: a camera that shows a moving picture and is called what the test says. The page finds as
 * `window.facings` what was asked for; where it sets `window.permission`, a promise, the camera waits for that.
 * @param {'user' | 'environment'} facingMode
 */
export function fakeCamera(facingMode) {
  if (navigator.mediaDevices === undefined) return; // an empty page before the demo
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
  const context = canvas.getContext('2d');
  let turn = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${turn++ % 360} 60% 50%)`;
    context.fillRect(0, 0, 320, 240);
  }, 20);
  const device = { kind: 'videoinput', deviceId: '', groupId: '', label: '' };
  navigator.mediaDevices.enumerateDevices = async () => [device, { ...device, kind: 'audioinput' }, device];
  window.facings = [];
  navigator.mediaDevices.getUserMedia = async ({ video }) => {
    window.facings.push(video.facingMode);
    await window.permission;
    const stream = canvas.captureStream(30);
    for (const track of stream.getVideoTracks()) track.getSettings = () => ({ facingMode });
    return stream;
  };
}
