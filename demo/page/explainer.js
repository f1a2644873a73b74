// Where a guess was seen: asks the network for the map of a class of the shown picture, and forgets it with the picture.

/** @typedef {{ picture: object, index: number, label: string, map: import('resnet50-wasm').Explanation | null }} Heat */

/** Longest side of the map, in pixels: it is stretched over the picture, and its frame must stay thin. */
const MAX_SIDE = 640;

/**
 * @param store of state.js
 * @param network of network.js
 * @param {(error: unknown, name: string) => string} sentence
 */
export function createExplainer(store, network, sentence) {
  /** Puts the map that was asked for into the state, unless another was asked for meanwhile. */
  async function compute(asked) {
    const isCurrent = () => store.state.heat === asked;
    try {
      const model = await network.start();
      if (!isCurrent()) return;
      if (model === undefined) return store.update({ heat: null });
      const map = await model.explain(asked.picture.file, { index: asked.index, maxSide: MAX_SIDE });
      if (isCurrent()) store.update({ heat: { ...asked, map } });
    } catch (error) {
      if (isCurrent()) store.update({ heat: null, notice: sentence(error, asked.picture.name) });
    }
  }

  return {
    /** Computes the map that is shown once more. */
    async refresh() {
      const heat = currentHeat(store.state);
      if (heat !== null) await compute(heat);
    },
    /** Shows the map of a guess; hides it where it is shown. */
    async toggle({ index, label }) {
      const { picture, heat } = store.state;
      if (picture === null) return;
      if (heat?.picture === picture && heat.index === index) return store.update({ heat: null });
      const asked = { picture, index, label, map: null };
      store.update({ heat: asked });
      await compute(asked);
    },
  };
}

/** The heat that belongs to what is shown, or null. */
export const currentHeat = ({ heat, picture, camera }) =>
  heat !== null && heat.picture === picture && camera === 'off' ? heat : null;
