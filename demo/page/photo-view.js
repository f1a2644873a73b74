// The picture frame: empty, a picture, or the camera. Its children lie on top of each other in one grid cell, all of the
// picture's aspect: a layer to come (a canvas) fits by being appended.

/** Scrolls to an element that is not wholly in sight. */
export function bringIntoView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ behavior: calm ? 'instant' : 'smooth', block: 'start' });
}

/** @param {{ frame: HTMLElement, image: HTMLImageElement, video: HTMLVideoElement }} elements */
export function createPhotoView({ frame, image, video }) {
  let shown = image.src; // the page may have been made with a picture
  return ({ picture, camera }) => {
    const onCamera = camera === 'on';
    frame.dataset.state = onCamera ? 'camera' : picture === null ? 'empty' : picture.drawable ? 'picture' : 'undrawn';
    video.hidden = !onCamera;
    image.hidden = frame.dataset.state !== 'picture';
    if (picture === null || picture.url === shown) return;
    shown = picture.url;
    image.src = picture.url;
    image.alt = picture.name;
    bringIntoView(frame); // the gallery lies below: on small screens the frame would be out of sight
  };
}
