// What is shown as one picture to keep: photo, map, guesses and how they came about. Drawn on a canvas of fixed size.
import { milliseconds, scored } from './format.js';

const WIDTH = 1200;
const HEIGHT = 900;
const MARGIN = 48;
const PHOTO = { x: MARGIN, y: MARGIN, width: 736, height: 736 };
const COLUMN = PHOTO.x + PHOTO.width + MARGIN;
const ROW = 108;
const COLORS = {
  paper: '#fbfbf9',
  frame: '#f1f2ee',
  track: '#e0e3dc',
  ink: '#191d1b',
  muted: '#5a635f',
  accent: '#0b6b5d',
};
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** The largest place of that shape in the middle of the photo's square. */
function placeFor({ width, height }) {
  const scale = Math.min(PHOTO.width / width, PHOTO.height / height);
  const [w, h] = [width * scale, height * scale];
  return [PHOTO.x + (PHOTO.width - w) / 2, PHOTO.y + (PHOTO.height - h) / 2, w, h];
}

/** A label in at most two lines; what is longer ends in an ellipsis. */
function linesOf(context, label, width) {
  const lines = [''];
  for (const word of label.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (lines.at(-1) === '' || context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.length > 2 ? [lines[0], `${lines[1]}…`] : lines;
}

function drawGuess(context, guess, i, info) {
  const width = WIDTH - COLUMN - MARGIN;
  const y = PHOTO.y + i * ROW;
  context.font = `${i === 0 ? 650 : 450} 26px ${FONT}`;
  context.fillStyle = COLORS.ink;
  for (const [line, text] of linesOf(context, guess.label, width - 90).entries())
    context.fillText(text, COLUMN, y + 24 + 28 * line);
  context.textAlign = 'right';
  context.fillStyle = COLORS.muted;
  context.fillText(scored(guess.score, info), COLUMN + width, y + 24);
  context.textAlign = 'left';
  context.fillStyle = COLORS.track;
  context.fillRect(COLUMN, y + 66, width, 8);
  context.fillStyle = COLORS.accent;
  if (info.activation !== 'none') context.fillRect(COLUMN, y + 66, width * guess.score, 8);
}

/**
 * @param {object} state of state.js, with a picture that can be drawn and a result
 * @param {HTMLImageElement} image
 * @param {HTMLCanvasElement | null} map
 * @param {number} opacity of the map, 0..1
 * @returns {Promise<Blob>} a PNG file
 */
export function drawCard({ result, info }, image, map, opacity) {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d');
  context.fillStyle = COLORS.paper;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = COLORS.frame;
  context.fillRect(PHOTO.x, PHOTO.y, PHOTO.width, PHOTO.height);
  const place = placeFor({ width: image.naturalWidth, height: image.naturalHeight });
  context.drawImage(image, ...place);
  if (map !== null) {
    context.globalAlpha = opacity;
    context.drawImage(map, ...place);
    context.globalAlpha = 1;
  }
  for (const [i, guess] of result.guesses.slice(0, 5).entries()) drawGuess(context, guess, i, info);
  context.font = `450 24px ${FONT}`;
  context.fillStyle = COLORS.muted;
  const how = `${info.weights ?? 'ResNet-50'}, ${milliseconds(result.milliseconds)}`;
  context.fillText(`resnet50-wasm · ${how} · computed in this browser, nothing uploaded`, MARGIN, HEIGHT - MARGIN);
  return canvas.convertToBlob();
}
