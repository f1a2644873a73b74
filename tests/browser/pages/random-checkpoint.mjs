// A checkpoint of a ResNet-50 that nobody trained: 47 MB of safetensors in bfloat16, always the same for a number of classes.
// For tests of what surrounds a conversion, on machines without PyTorch or test material.

const STAGES = [
  [64, 3],
  [128, 4],
  [256, 6],
  [512, 3],
];

/** Names and shapes of all tensors, as torchvision has them. */
function tensors(classes) {
  const all = [];
  const convolution = (name, norm, out, channels, kernel) => {
    all.push([`${name}.weight`, [out, channels, kernel, kernel]]);
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) all.push([`${norm}.${part}`, [out]]);
  };
  convolution('conv1', 'bn1', 64, 3, 7);
  let channels = 64;
  for (const [i, [width, blocks]] of STAGES.entries()) {
    for (let b = 0; b < blocks; b++) {
      const name = `layer${i + 1}.${b}`;
      convolution(`${name}.conv1`, `${name}.bn1`, width, channels, 1);
      convolution(`${name}.conv2`, `${name}.bn2`, width, width, 3);
      convolution(`${name}.conv3`, `${name}.bn3`, 4 * width, width, 1);
      if (b === 0) convolution(`${name}.downsample.0`, `${name}.downsample.1`, 4 * width, channels, 1);
      channels = 4 * width;
    }
  }
  all.push(['fc.weight', [classes, channels]], ['fc.bias', [classes]]);
  return all;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
const bfloat16 = (value) => {
  float[0] = value;
  return bits[0] >>> 16;
};

/** What batch norms hold; bn3 is damped, or activations would double from block to block. */
const constant = (name) => (/running_var|weight/.test(name) ? (name.includes('bn3.weight') ? 0.25 : 1) : 0);

/** @returns {Uint8Array} the file */
export function randomCheckpoint(classes = 3) {
  const header = {};
  const parts = [];
  let [at, state] = [0, 1];
  for (const [name, shape] of tensors(classes)) {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = new Uint16Array(count);
    if (shape.length === 1) values.fill(bfloat16(constant(name)));
    else {
      const reach = Math.sqrt(6 / (count / shape[0]));
      for (let i = 0; i < count; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        values[i] = bfloat16((state / 2 ** 31 - 1) * reach);
      }
    }
    header[name] = { dtype: 'BF16', shape, data_offsets: [at, at + 2 * count] };
    parts.push(new Uint8Array(values.buffer));
    at += 2 * count;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + at);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, 8);
  let to = 8 + text.length;
  for (const part of parts) {
    file.set(part, to);
    to += part.length;
  }
  return file;
}
