import { useEffect, useRef, useState } from 'react';
import { paintHeatmap, ResNet50 } from 'resnet50-wasm';

// Loads a model, and gives it back when the component goes.
function useModel(weights, weightsUrl) {
  const [state, setState] = useState({});
  useEffect(() => {
    const controller = new AbortController();
    const loading = ResNet50.load({ weights, weightsUrl, signal: controller.signal });
    loading.then((model) => setState({ model }), (error) => controller.signal.aborted || setState({ error }));
    return () => {
      controller.abort();
      loading.then((model) => model.dispose()).catch(() => {});
    };
  }, [weights, weightsUrl]);
  return state;
}

export function Classifier({ weights, weightsUrl }) {
  const { model, error } = useModel(weights, weightsUrl);
  const [text, setText] = useState('Choose a photo.');
  const [url, setUrl] = useState();
  const canvas = useRef(null);
  const explain = async ({ target: { files: [file] } }) => {
    if (!file) return;
    setUrl(URL.createObjectURL(file));
    try {
      const map = await model.explain(file);
      paintHeatmap(map, canvas.current);
      setText(`${map.label} ${(100 * map.score).toFixed(1)} %`);
    } catch (error) {
      setText(error.message);
    }
  };
  return (
    <>
      <input type="file" accept="image/*" disabled={!model} onChange={explain} />
      <p>{error?.message ?? (model ? text : 'Loading')}</p>
      <div style={{ position: 'relative', display: 'inline-block' }}>
        <img src={url} alt="" width="320" onLoad={() => URL.revokeObjectURL(url)} />
        <canvas ref={canvas} style={{ position: 'absolute', inset: 0, width: '100%', height: '100%' }} />
      </div>
    </>
  );
}
