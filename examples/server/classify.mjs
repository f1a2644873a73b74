// A picture in a request, its labels in the answer. What the server cannot do in time is refused before it is read.

/** An answer that is not the one which was wanted. */
export class Refusal extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}

const busy = (code, message) => new Refusal(503, code, message, { 'Retry-After': '1' });

/** What is the sender's fault. Everything else is ours: 500. */
const STATUS = {
  NOT_AN_IMAGE: 415,
  UNSUPPORTED_FORMAT: 415,
  TRUNCATED_IMAGE: 400,
  CORRUPT_IMAGE: 400,
  IMAGE_TOO_LARGE: 413,
  INVALID_ARGUMENT: 400,
};

export const refusalOf = (error) => {
  if (error instanceof Refusal) return error;
  const status = STATUS[error?.code];
  return status && new Refusal(status, error.code, error.message);
};

/**
 * The body, if it is not too long. What comes after is thrown away, so that the sender gets to read the answer.
 * @param proceed tells a sender who asked first that the picture may come
 */
function read(request, maxBytes, proceed) {
  const tooLong = () => new Refusal(413, 'TOO_LONG', `more than ${maxBytes} bytes`);
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return reject(tooLong());
    proceed();
    let chunks = [];
    let length = 0;
    request.on('data', (chunk) => {
      length += chunk.length;
      if (length <= maxBytes) return chunks.push(chunk);
      chunks = [];
      reject(tooLong());
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

function optionsOf(url) {
  const text = url.searchParams.get('topK') ?? '5';
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Refusal(400, 'INVALID_ARGUMENT', 'topK: must be 1 to 9999');
  return { topK: Number(text) };
}

/** Classifies what requests bring, `settings.most` of them at a time. */
export class Classifier {
  #inside = 0;

  constructor(pool, settings) {
    Object.assign(this, { pool, settings });
  }

  get inside() {
    return this.#inside;
  }

  /** @param proceed as of {@link read} */
  async answer(request, response, url, proceed) {
    const options = optionsOf(url);
    if (this.#inside >= this.settings.most) throw busy('BUSY', `${this.#inside} pictures are at work or waiting`);
    this.#inside++;
    try {
      const bytes = await read(request, this.settings.maxBytes, proceed);
      return { classes: await this.#classify(bytes, options, response) };
    } finally {
      this.#inside--;
    }
  }

  /** Gives up when it takes too long or nobody waits any more: what has not begun by then never will. */
  async #classify(bytes, options, response) {
    const giveUp = new AbortController();
    const late = busy('TOO_LATE', `no answer within ${this.settings.answerMs} ms`);
    const timer = setTimeout(() => giveUp.abort(late), this.settings.answerMs);
    const left = () => giveUp.abort(busy('GONE', 'nobody waits for the answer'));
    response.once('close', left);
    try {
      return await this.pool.classify(bytes, { ...options, signal: giveUp.signal });
    } finally {
      clearTimeout(timer);
      response.off('close', left);
    }
  }
}
