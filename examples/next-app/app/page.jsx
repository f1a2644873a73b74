'use client';
import { useEffect, useState } from 'react';

/** The same photo in two ways: in this browser, which sends it nowhere, and on the server. */
export default function Page() {
  const [model, setModel] = useState();
  const [[here, there], setText] = useState(['Loading', '']);
  useEffect(() => {
    const loading = import('resnet50-wasm').then(({ ResNet50 }) =>
      ResNet50.load({ weights: 'CIFAR10_DEMO', weightsUrl: '/weights/' }),
    );
    const ready = (loaded) => {
      setModel(loaded);
      setText(['Choose a photo.', '']);
    };
    loading.then(ready, (error) => setText([error.message, '']));
    return () => void loading.then((loaded) => loaded.dispose(), () => {});
  }, []);
  const classify = async ({ target: { files: [file] } }) => {
    const local = model.classify(file).then(([{ label }]) => label);
    const remote = fetch('/api/label', { method: 'POST', body: file }).then((answer) => answer.json());
    try {
      const [label, { label: served, error }] = await Promise.all([local, remote]);
      setText([`Browser: ${label}`, `Server: ${served ?? error}`]);
    } catch (error) {
      setText([error.message, '']);
    }
  };
  return (
    <>
      <input type="file" accept="image/*" disabled={!model} onChange={classify} />
      <p>{here}</p>
      <p>{there}</p>
    </>
  );
}
